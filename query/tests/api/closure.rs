//! A flow holds what a plain search for the fixpoint over a list finds, however records lie in leaves.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::world::{Sample, T, World, log, span};

/// A record in the model's eyes: its number is its time.
#[derive(Debug, Clone)]
struct Plan {
    is_span: bool,
    trace: Option<u8>,
    links: Vec<u8>,
    id: Option<u8>,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let plan = (
        any::<bool>(),
        prop::option::of(1_u8..12),
        prop::collection::vec(1_u8..14, 0..2),
        prop::option::weighted(0.3, 0_u8..4),
    );
    prop::collection::vec(
        plan.prop_map(|(is_span, trace, links, id)| Plan {
            is_span,
            trace: if is_span { trace.or(Some(1)) } else { trace },
            links: if is_span { links } else { vec![] },
            id,
        }),
        1..40,
    )
}

fn sample(number: usize, plan: &Plan) -> Sample {
    let time = T + number as u64;
    let mut sample = match (plan.is_span, plan.trace) {
        (true, trace) => span("a", trace.unwrap_or(1), number as u8 + 1, time),
        (false, Some(trace)) => log("a", "x", time).within(trace, 200),
        (false, None) => log("a", "x", time),
    };
    for link in &plan.links {
        sample = sample.linked_to(*link, 201);
    }
    match plan.id {
        Some(id) => sample.correlated("order.id", &format!("id-{id}")),
        None => sample,
    }
}

/// Numbers of the records of a flow.
fn expected(plans: &[Plan], id: u8) -> BTreeSet<u64> {
    let mut traces: BTreeSet<u8> =
        plans.iter().filter(|plan| plan.id == Some(id)).filter_map(|plan| plan.trace).collect();
    loop {
        let before = traces.len();
        for plan in plans {
            let Some(trace) = plan.trace else { continue };
            if traces.contains(&trace) {
                traces.extend(&plan.links);
            } else if plan.links.iter().any(|link| traces.contains(link)) {
                traces.insert(trace);
            }
        }
        if traces.len() == before {
            break;
        }
    }
    let belongs =
        |plan: &Plan| plan.id == Some(id) || plan.trace.is_some_and(|trace| traces.contains(&trace));
    (0..).zip(plans).filter(|(_, plan)| belongs(plan)).map(|(number, _)| number).collect()
}

async fn holds(plans: &[Plan], leaves: usize) {
    let world = World::new().await;
    for leaf in 0..leaves {
        let numbered = plans.iter().enumerate().filter(|(number, _)| number % leaves == leaf);
        world.append(numbered.map(|(number, plan)| sample(number, plan)).collect()).await;
        if leaf + 1 < leaves {
            world.publish().await;
        }
    }
    for id in 0..4 {
        let expected = expected(plans, id);
        let path = format!("/api/v1/flows/id-{id}");
        if expected.is_empty() {
            assert_eq!(world.refused(&path).await.0, 404);
            continue;
        }
        let flow = world.get(&path).await;
        let records = flow["spans"].as_array().unwrap().iter().chain(flow["logs"].as_array().unwrap());
        let found: Vec<u64> =
            records.map(|record| record["time"].as_str().unwrap().parse::<u64>().unwrap() - T).collect();
        assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected, "flow {id}");
        assert_eq!(found.len(), expected.len(), "each record once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_flow_is_the_fixpoint_over_links_in_both_directions(plans in plans(), leaves in 1_usize..4) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        runtime.block_on(holds(&plans, leaves));
    }
}
