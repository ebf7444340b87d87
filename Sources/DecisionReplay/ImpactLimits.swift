/// How much a change may do before a check fails.
public struct ImpactLimits: Sendable {
    /// Requests that are allowed by the base and not by the head.
    public var newDenials: RecordLimit?
    /// Lines that cannot be replayed, of all lines.
    public var unreadable: RecordLimit?

    public init(newDenials: RecordLimit? = nil, unreadable: RecordLimit? = nil) {
        self.newDenials = newDenials
        self.unreadable = unreadable
    }

    /// Why the check fails; empty if it does not.
    public func failures(of report: ImpactReport) -> [String] {
        var failures: [String] = []
        // Nothing is known then, and that is not the same as no change.
        if report.lineCount == 0 { return ["the log holds no decision: nothing was replayed"] }
        if report.replayedCount == 0 { return ["no line of the log could be replayed"] }
        if let newDenials, !newDenials.allows(report.newDenials.count, of: report.replayedCount) {
            failures.append(
                "\(report.newDenials.count.grouped) of \(report.replayedCount.grouped) decisions would be new denials, more than \(newDenials.text)"
            )
        }
        if let unreadable, !unreadable.allows(report.unreadableCount, of: report.lineCount) {
            failures.append(
                "\(report.unreadableCount.grouped) of \(report.lineCount.grouped) lines could not be replayed, more than \(unreadable.text)"
            )
        }
        return failures
    }
}

extension Int {
    /// In groups of three digits: `1,234,567`.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + text
    }

    /// The share of `all` in percent, with two digits after the point.
    func share(of all: Int) -> String {
        guard all > 0 else { return "0 %" }
        let hundredths = (Int128(self) * 10_000 + Int128(all) / 2) / Int128(all)
        // What is there is not told as nothing.
        if hundredths == 0, self > 0 { return "< 0.01 %" }
        let fraction = String(hundredths % 100)
        return "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction) %"
    }
}
