import Conditions
import JSON
import Reconciler

/// How an organisation stands, as its database tells.
public struct StatusReport: Sendable {
    public var revision: Revision?
    public var directives: Directives
    public var instances: [KnownInstance]

    /// Seconds after which an instance that says nothing is taken for gone.
    static let silence = 120.0

    public var json: JSONValue {
        [
            "revision": revision.map {
                [
                    "epoch": .int($0.epoch), "commit": .string($0.commit), "bundle": .string("sha256:\($0.bundleDigest)"),
                    "documents": .int(Int64($0.documentCount)), "appliedAt": .string($0.appliedAt),
                ]
            } ?? .null,
            "pin": directives.pin?.json ?? .null, "suspended": directives.suspension?.json ?? .null,
            "instances": .array(
                instances.map { known in
                    [
                        "instance": .string(known.report.instance), "host": .string(known.report.host),
                        "process": .int(Int64(known.report.process)), "url": .string(known.report.url),
                        "commit": known.report.commit.map { .string($0) } ?? .null,
                        "bundle": known.report.bundleDigest.map { .string("sha256:\($0)") } ?? .null,
                        "startedAt": .string(known.report.startedAt), "reportedAt": .string(known.reportedAt),
                        "differs": .bool(revision.map { known.report.bundleDigest != $0.bundleDigest } ?? false),
                        "silent": .bool(known.ageSeconds > Self.silence), "conditions": known.report.conditions,
                    ]
                }),
        ]
    }

    public var text: String {
        var lines: [String] = []
        if let revision {
            lines.append("commit \(revision.commit.prefix(12)), epoch \(revision.epoch), applied \(revision.appliedAt)")
            lines.append("bundle sha256:\(revision.bundleDigest.prefix(12)), \(revision.documentCount) documents")
        } else {
            lines.append("no commit was applied yet")
        }
        if let pin = directives.pin {
            lines.append("pinned to \((pin.commit ?? "").prefix(12)) by \(pin.operator) since \(pin.since)\(Self.reason(pin))")
        }
        if let order = directives.suspension { lines.append("suspended by \(order.operator) since \(order.since)\(Self.reason(order))") }
        if instances.isEmpty { lines.append("no Charter runs on this database") }
        for known in instances {
            let report = known.report
            lines.append("")
            let state = known.ageSeconds > Self.silence ? "silent since \(known.reportedAt)" : "at \(report.url)"
            let differs = revision.map { report.bundleDigest != $0.bundleDigest } ?? false
            lines.append(
                "\(report.host) process \(report.process), \(state), bundle sha256:\(report.bundleDigest?.prefix(12) ?? "none")"
                    + (differs ? ", which is not the revision's" : ""))
            for (scope, title) in [("organization", ""), ("source", "source ")] {
                for condition in ConditionSet(json: report.conditions[scope] ?? []).all {
                    let name = title + condition.type
                    let padding = String(repeating: " ", count: max(1, 16 - name.count))
                    let head = "  \(name)\(padding)\(condition.status.rawValue)  \(condition.reason)"
                    lines.append("\(head) since \(condition.lastTransitionTime): \(condition.message)")
                }
            }
        }
        return lines.map(\.printable).joined(separator: "\n")
    }

    private static func reason(_ directive: Directive) -> String { directive.reason.isEmpty ? "" : ": \(directive.reason)" }
}

extension Directive {
    var json: JSONValue {
        [
            "commit": commit.map { .string($0) } ?? .null, "reason": .string(reason), "by": .string(`operator`),
            "databaseUser": .string(databaseUser), "since": .string(since),
        ]
    }
}

extension KeptEvent {
    public var json: JSONValue {
        [
            "id": .string(event.id), "at": .string(event.at), "type": .string(event.isWarning ? "Warning" : "Normal"),
            "reason": .string(event.reason), "message": .string(event.message), "commit": event.commit.map { .string($0) } ?? .null,
            "instance": .string(event.instance), "details": event.details,
            "alert": severity.map {
                [
                    "severity": .string($0), "repeats": .int(Int64(repeats)), "receivers": .int(Int64(receivers)),
                    "delivered": .int(Int64(delivered)), "lastError": lastError.map { .string($0) } ?? .null,
                ]
            } ?? .null,
        ]
    }

    /// One line for people.
    public var line: String {
        var text = "\(event.at)  \(event.isWarning ? "!" : "•") \(event.reason): \(event.message)"
        guard let severity else { return text }
        text += "  [\(severity), delivered to \(delivered) of \(receivers)"
        if repeats > 0 { text += ", raised \(repeats) more time\(repeats == 1 ? "" : "s")" }
        if let lastError { text += ", last error: \(lastError)" }
        return text + "]"
    }
}
