"""Compares what the services sent with what the API gives back."""


def expected(sent, case):
    """Spans and logs of one case over all services, as comparable tuples of everything they say."""
    spans, logs = [], []
    for service, told in sent.items():
        spans += [span_of(service, span) for span in told["spans"] if span["attributes"].get("e2e.case") == case]
        logs += [log_of(service, log) for log in told["logs"] if log["attributes"].get("e2e.case") == case]
    return sorted(spans, key=repr), sorted(logs, key=repr)


def found(flow):
    """The same of a flow's answer."""
    spans = [
        span_of(
            span["service"],
            {
                **span,
                "events": [event["name"] for event in span["events"]],
                "links": [[link["trace_id"], link["span_id"]] for link in span["links"]],
            },
        )
        for span in flow["spans"]
    ]
    logs = [log_of(log["service"], log) for log in flow["logs"]]
    return sorted(spans, key=repr), sorted(logs, key=repr)


def span_of(service, span):
    fields = ["trace_id", "span_id", "parent_span_id", "name", "kind", "time", "end", "status", "events"]
    return (
        service,
        *(_plain(span[field]) for field in fields),
        sorted(tuple(link) for link in span["links"]),
        sorted(span["attributes"].items()),
    )


def log_of(service, log):
    fields = ["trace_id", "span_id", "time", "severity_number", "body"]
    return (service, *(_plain(log[field]) for field in fields), sorted(log["attributes"].items()))


def _plain(value):
    return sorted(value.items()) if isinstance(value, dict) else value
