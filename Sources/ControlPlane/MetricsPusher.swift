import EnforcementServer
import Foundation
import HTTPService
import OpenTelemetry
import Uploads
import Waiting

/// Sends a server's metrics to an OpenTelemetry receiver, now and then and at its end. What cannot be sent is not kept: counts go on from their beginning,
/// and the next time tells more than the one that was missed.
final class MetricsPusher: Sendable {
    private let registry: MetricsRegistry
    private let uploader: Uploader
    private let source: TelemetrySource
    private let interval: Duration
    private let start = WallClock.now()
    private let emit: @Sendable (_ text: String, _ isTrouble: Bool) -> Void
    private let stopping = StopFlag()
    private let wake = WakeUp()
    private let ended = DispatchGroup()

    /// - Returns: `nil` where metrics are not wanted.
    init?(
        _ settings: TelemetrySettings?, _ registry: MetricsRegistry, emit: @escaping @Sendable (_ text: String, _ isTrouble: Bool) -> Void
    ) throws(ControlError) {
        guard let settings, settings.signals.contains(.metrics) else { return nil }
        do {
            uploader = Uploader(try settings.endpoint.appending(path: "/v1/metrics"), headers: settings.headers)
        } catch {
            throw ControlError(.usage, "the address of the OpenTelemetry receiver cannot be used: \(error)")
        }
        self.registry = registry
        self.emit = emit
        source = settings.source
        interval = settings.metricsInterval
    }

    /// Begins, once.
    func begin() {
        DispatchQueue(label: "charter.metrics").async(group: ended) { [self] in
            let complaint = LastText()
            while true {
                let isLast = stopping.isSet
                if let trouble = push() {
                    if complaint.set(trouble) { emit("metrics: \(trouble)", true) }
                } else if complaint.set(nil) {
                    emit("metrics: sent again", false)
                }
                if isLast { return }
                wake.wait(interval)
            }
        }
    }

    /// Sends them once more, and ends.
    func end() {
        stopping.set()
        wake.signal()
        ended.wait()
    }

    /// - Returns: why they were not taken.
    private func push() -> String? {
        let body = TelemetryMetric.export(registry.readings.map { TelemetryMetric($0) }, of: source, start: start, time: WallClock.now())
        do throws(Uploader.Failure) {
            let answer = try uploader.send(body)
            guard (200..<300).contains(answer.status) else { return "\(uploader.address.shown) answers with status \(answer.status)" }
            let taken = ExportAnswer(answer.body, "rejectedDataPoints")
            return taken.rejected > 0 ? "\(uploader.address.shown) rejects \(taken.rejected) point(s): \(taken.message)" : nil
        } catch {
            return error.description
        }
    }
}

extension TelemetryMetric {
    /// The metric under the name that Prometheus knows it by.
    init(_ reading: MetricReading) {
        let kind: Kind =
            switch reading.kind {
            case .counter: .sum
            case .gauge: .gauge
            case .histogram: .histogram
            }
        let stem = reading.name.hasSuffix("_total") ? String(reading.name.dropLast("_total".count)) : reading.name
        let unit = stem.hasSuffix("_seconds") ? "s" : stem.hasSuffix("_bytes") ? "By" : ""
        self.init(
            name: reading.name, description: reading.help, unit: unit, kind: kind,
            points: reading.points.map { point in
                let value: Value =
                    switch point.value {
                    case .counter(let count): .sum(count)
                    case .gauge(let number): .gauge(number)
                    case .histogram(let bounds, let counts, let sum): .histogram(bounds: bounds, counts: counts, sum: sum)
                    }
                return Point(attributes: point.labels.map { TelemetryAttribute($0.name, $0.value) }, value: value)
            })
    }
}
