//! Counts the data points of a metrics request, which is forwarded as it came.

use spoor_proto::wire::Fields;

use super::Malformed;

/// Fields from a request down to the list of metrics.
const PATH: [(u32, &str); 3] = [(1, "resource_metrics"), (2, "scope_metrics"), (2, "metrics")];
/// Gauge, sum, histogram, exponential histogram, summary; each lists its data points as field 1.
const DATA: [u32; 5] = [5, 7, 9, 10, 11];

/// Counts the data points of an `ExportMetricsServiceRequest`.
///
/// # Errors
/// [`Malformed`] when it is not one, as far down as the counting looks.
pub(crate) fn count_data_points(request: &[u8]) -> Result<u64, Malformed> {
    count(request, &PATH)
}

fn count(message: &[u8], path: &[(u32, &str)]) -> Result<u64, Malformed> {
    let Some((&(number, name), below)) = path.split_first() else { return of_metric(message) };
    let (mut total, mut index) = (0, 0);
    for field in Fields::new(message) {
        let field = field.map_err(Malformed::here)?;
        if field.number == number {
            let item = field.bytes().map_err(Malformed::here)?;
            total += count(item, below).map_err(|malformed| malformed.inside(name, index))?;
            index += 1;
        }
    }
    Ok(total)
}

fn of_metric(metric: &[u8]) -> Result<u64, Malformed> {
    let mut total = 0;
    for field in Fields::new(metric) {
        let field = field.map_err(Malformed::here)?;
        if !DATA.contains(&field.number) {
            continue;
        }
        for point in Fields::new(field.bytes().map_err(Malformed::here)?) {
            total += u64::from(point.map_err(Malformed::here)?.number == 1);
        }
    }
    Ok(total)
}
