import ArgumentParser
import ControlPlane
import PolicyCompiler

/// What is sent to an OpenTelemetry receiver, and where that is.
struct TelemetryOptions: ParsableArguments {
    @Option(
        name: .customLong("otlp-endpoint"),
        help: ArgumentHelp(
            "Send telemetry to URL/v1/logs, /v1/traces and /v1/metrics (OTLP/HTTP, JSON); OTEL_EXPORTER_OTLP_ENDPOINT by default. OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES hold as everywhere.",
            valueName: "URL"))
    var endpoint: String?

    @Option(
        name: .customLong("otlp-signals"),
        help: ArgumentHelp(
            "Which of them: logs (decisions), traces (a span for each decision), metrics; with commas between them.", valueName: "signals"))
    var signals: SignalList = SignalList()

    @Option(
        name: .customLong("trace-sampling"),
        help: "The share, from 0 to 1, of decisions that become spans, of those whose callers send no `traceparent`.")
    var sampling = 1.0

    struct SignalList: ExpressibleByArgument {
        var signals = Set(TelemetrySignal.allCases)

        init() {}

        init?(argument: String) {
            signals = []
            for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
                guard let signal = TelemetrySignal(rawValue: String(name)) else { return nil }
                signals.insert(signal)
            }
        }

        var defaultValueDescription: String { TelemetrySignal.allCases.map(\.rawValue).joined(separator: ",") }
    }

    func validate() throws {
        if !(0...1).contains(sampling) { throw ValidationError("--trace-sampling must be from 0 to 1") }
        if endpoint == "" { throw ValidationError("--otlp-endpoint is empty; name an http(s) address") }
    }

    /// `nil` where no receiver is named.
    func settings() throws -> TelemetrySettings? {
        guard let endpoint = endpoint ?? Environment.text("OTEL_EXPORTER_OTLP_ENDPOINT") else { return nil }
        var settings = try TelemetrySettings(
            endpoint: endpoint, headers: Environment.text("OTEL_EXPORTER_OTLP_HEADERS"),
            attributes: Environment.text("OTEL_RESOURCE_ATTRIBUTES"), serviceName: Environment.text("OTEL_SERVICE_NAME"),
            version: PolicyCompiler.version)
        settings.signals = signals.signals
        settings.sampling = sampling
        if let text = Environment.text("OTEL_METRIC_EXPORT_INTERVAL") {
            guard let milliseconds = Int(text), (100...86_400_000).contains(milliseconds) else {
                throw ControlError(.usage, "OTEL_METRIC_EXPORT_INTERVAL must be from 100 to 86400000 milliseconds")
            }
            settings.metricsInterval = .milliseconds(milliseconds)
        }
        return settings
    }
}
