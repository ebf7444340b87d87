import DecisionLog
import Downloads
import Foundation
import OpenTelemetry
import Uploads

/// What an OpenTelemetry receiver can be sent.
public enum TelemetrySignal: String, Sendable, CaseIterable {
    /// Decisions as log records.
    case logs
    /// Decisions as spans.
    case traces
    case metrics
}

/// Where telemetry goes: an OpenTelemetry receiver that speaks OTLP/HTTP in JSON.
public struct TelemetrySettings: Sendable {
    public let endpoint: WebAddress
    public var signals: Set<TelemetrySignal> = Set(TelemetrySignal.allCases)
    /// The share of decisions that become spans, of those whose callers send no trace.
    public var sampling = 1.0
    /// Between two times that metrics are sent.
    public var metricsInterval = Duration.seconds(15)
    let headers: [Uploader.Header]
    let source: TelemetrySource

    /// - Parameters:
    ///   - endpoint: an http(s) address; what is behind it are `/v1/logs`, `/v1/traces` and `/v1/metrics`.
    ///   - headers: as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, percent-encoded.
    ///   - attributes: as `OTEL_RESOURCE_ATTRIBUTES` has them, likewise.
    ///   - serviceName: of this server; what the attributes say, or `charter`, without.
    ///   - version: of this program.
    public init(
        endpoint: String, headers: String?, attributes: String?, serviceName: String?, version: String
    ) throws(ControlError) {
        do throws(WebAddress.Invalid) {
            self.endpoint = try WebAddress(endpoint)
        } catch {
            // The text may hold a password.
            throw ControlError(.usage, "the address of the OpenTelemetry receiver cannot be used: \(error.description)")
        }
        self.headers = try Self.pairs(headers, "OTEL_EXPORTER_OTLP_HEADERS").map { name, value throws(ControlError) in
            guard let header = Uploader.Header(name, value) else {
                throw ControlError(.usage, "OTEL_EXPORTER_OTLP_HEADERS holds what is no header field, `\(name)`")
            }
            return header
        }
        guard self.endpoint.isPrivate || self.headers.isEmpty else {
            throw ControlError(
                .usage, "OTEL_EXPORTER_OTLP_HEADERS are not sent over plain http to another machine; use https for \(self.endpoint.shown)")
        }
        var resource = try Self.pairs(attributes, "OTEL_RESOURCE_ATTRIBUTES").map { TelemetryAttribute($0.0, $0.1) }
        func set(_ name: String, _ text: String) {
            resource.removeAll { $0.name == name }
            resource.append(.init(name, text))
        }
        if let serviceName {
            set("service.name", serviceName)
        } else if !resource.contains(where: { $0.name == "service.name" }) {
            set("service.name", "charter")
        }
        set("service.version", version)
        if !resource.contains(where: { $0.name == "service.instance.id" }) { set("service.instance.id", UUID().uuidString.lowercased()) }
        if !resource.contains(where: { $0.name == "host.name" }) { set("host.name", ProcessInfo.processInfo.hostName) }
        source = TelemetrySource(resource: resource, scope: "charter", version: version)
    }

    /// Pairs as the environment variables of OpenTelemetry have them (W3C Baggage without properties).
    private static func pairs(_ text: String?, _ variable: String) throws(ControlError) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for item in (text ?? "").split(separator: ",") where !item.allSatisfy({ $0 == " " }) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard parts.count == 2, !parts[0].isEmpty, let value = parts[1].removingPercentEncoding else {
                // What follows may be a credential.
                throw ControlError(.usage, "\(variable) must be `name=value,name=value`, with other characters percent-encoded")
            }
            pairs.append((parts[0], value))
        }
        return pairs
    }

    /// Whether decisions are a part of it.
    public var takesDecisions: Bool { !sinkNames.isEmpty }

    var tracing: TraceSampling? { signals.contains(.traces) ? TraceSampling(share: sampling) : nil }

    /// The names of its sinks of decisions.
    var sinkNames: [String] {
        (signals.contains(.logs) ? [OTLPLogSink.name] : []) + (signals.contains(.traces) ? [OTLPSpanSink.name] : [])
    }

    func sinks() throws(WebAddress.Invalid) -> [any DecisionSink] {
        var sinks: [any DecisionSink] = []
        if signals.contains(.logs) {
            sinks.append(try OTLPLogSink.make(endpoint, headers: headers, source: source, tracing: tracing))
        }
        if let tracing { sinks.append(try OTLPSpanSink.make(endpoint, headers: headers, source: source, tracing: tracing)) }
        return sinks
    }
}
