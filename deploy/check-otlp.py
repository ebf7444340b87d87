"""Checks bodies of OTLP/HTTP requests in JSON: check-otlp.py logs|traces|metrics FILE...

Each is read into the messages of opentelemetry-proto, which refuses what they do not have. Those read bytes as base64, and OTLP's JSON has ids in
hexadecimal: they are checked here, and handed on as base64.
"""

import base64
import json
import re
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MESSAGES = {"logs": ExportLogsServiceRequest, "traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest}
ID_DIGITS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
# Fields that are integers of 64 bits, which JSON has as strings.
LONG = {
    "timeUnixNano", "observedTimeUnixNano", "startTimeUnixNano", "endTimeUnixNano", "asInt", "intValue", "count",
}


def check(value, path):
    if isinstance(value, list):
        for index, item in enumerate(value):
            check(item, f"{path}[{index}]")
        return
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        place = f"{path}.{name}"
        if not re.fullmatch(r"[a-z][A-Za-z]*", name):
            sys.exit(f"{place}: not in lowerCamelCase")
        if name in ID_DIGITS:
            if not re.fullmatch(r"[0-9a-f]{%d}" % ID_DIGITS[name], item) or not int(item, 16):
                sys.exit(f"{place}: no id: {item!r}")
            value[name] = base64.b64encode(bytes.fromhex(item)).decode()
        if name in LONG and not (isinstance(item, str) and re.fullmatch(r"-?[0-9]+", item)):
            sys.exit(f"{place}: no integer in a string: {item!r}")
        check(item, place)


def count(message, signal):
    if signal == "logs":
        return sum(len(scope.log_records) for resource in message.resource_logs for scope in resource.scope_logs)
    if signal == "traces":
        return sum(len(scope.spans) for resource in message.resource_spans for scope in resource.scope_spans)
    points = 0
    for resource in message.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                data = getattr(metric, metric.WhichOneof("data"))
                points += len(data.data_points)
                for point in data.data_points:
                    if metric.WhichOneof("data") == "histogram":
                        if len(point.bucket_counts) != len(point.explicit_bounds) + 1 or sum(point.bucket_counts) != point.count:
                            sys.exit(f"{metric.name}: buckets that do not come to their count")
    return points


total = 0
signal = sys.argv[1]
for file in sys.argv[2:]:
    with open(file, "rb") as stream:
        document = json.load(stream)
    check(document, file)
    try:
        message = json_format.ParseDict(document, MESSAGES[signal]())
    except json_format.ParseError as error:
        sys.exit(f"{file}: {error}")
    total += count(message, signal)
print(total)
