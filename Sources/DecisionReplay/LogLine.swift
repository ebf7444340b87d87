import CEL
import Glibc
import JSON

/// A line of a decision log, its parts found where they stand: nothing is copied, and what is not needed is stepped over.
///
/// It is read in each of the forms in which decisions are told: lines of `--decision-log`, elements of `GET /v1/decisions`, and events of OPA's
/// decision log.
struct LogLine {
    /// Why a line is no record of a decision.
    struct Fault: Error {
        var detail: String
    }

    /// JSON.
    var request: UnsafeRawBufferPointer
    /// Nanoseconds since 1970.
    var at: Int64
    /// What was answered then; nil if the line does not say.
    var recordedAnswer: Bool?
    /// Something was left out of the request or the decision before it was logged.
    var isMasked: Bool
    /// Lists of JSON Pointers to what was left out or changed, where the line has some.
    var hidden: (masked: UnsafeRawBufferPointer?, erased: UnsafeRawBufferPointer?) = (nil, nil)

    /// Takes the bytes of one line, which must stay where they are.
    init(_ line: UnsafeRawBufferPointer) throws(Fault) {
        var found = Parts()
        do throws(JSONSyntaxError) {
            try JSONSlices.visitMembers(line) { name, value in
                found.note(name, UnsafeRawBufferPointer(rebasing: line[value]))
                return true
            }
        } catch {
            throw Fault(detail: "is not valid JSON: \(error)")
        }
        if let twice = found.twice { throw Fault(detail: "has `\(twice)` twice") }
        isMasked = found.masked.map { JSONSlices.kind($0) == .array || Self.isText($0, "true") } ?? false || found.erased != nil
        guard let request = found.request ?? found.input else {
            throw Fault(detail: isMasked ? "has no request any more, it was erased" : "has neither `request` nor `input`")
        }
        guard let time = found.time else { throw Fault(detail: "has neither `time`, `at` nor `timestamp`") }
        guard let at = Self.nanoseconds(time) else { throw Fault(detail: "has no time such as \"2026-01-31T12:00:00.5Z\" (RFC 3339)") }
        self.request = request
        self.at = at
        recordedAnswer = found.allowed.flatMap { Self.bool($0) } ?? (found.decision ?? found.result).flatMap { Self.answer(in: $0) }
        if let masked = found.masked, JSONSlices.kind(masked) == .array { hidden.masked = masked }
        hidden.erased = found.erased
    }

    /// The members that say something.
    private struct Parts {
        var time: UnsafeRawBufferPointer?
        var request: UnsafeRawBufferPointer?
        var input: UnsafeRawBufferPointer?
        var decision: UnsafeRawBufferPointer?
        var result: UnsafeRawBufferPointer?
        var allowed: UnsafeRawBufferPointer?
        var masked: UnsafeRawBufferPointer?
        var erased: UnsafeRawBufferPointer?
        /// A member that there is one too many of.
        var twice: StaticString?

        mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
            // Told apart by length and first letter before any is compared.
            switch (name.count, name.first) {
            case (2, UInt8(ascii: "a")): set(\.time, name, "at", value)
            case (4, UInt8(ascii: "t")): set(\.time, name, "time", value)
            case (9, UInt8(ascii: "t")): set(\.time, name, "timestamp", value)
            case (7, UInt8(ascii: "r")): set(\.request, name, "request", value)
            case (5, UInt8(ascii: "i")): set(\.input, name, "input", value)
            case (8, UInt8(ascii: "d")): set(\.decision, name, "decision", value)
            case (6, UInt8(ascii: "r")): set(\.result, name, "result", value)
            case (7, UInt8(ascii: "a")): set(\.allowed, name, "allowed", value)
            case (6, UInt8(ascii: "m")): set(\.masked, name, "masked", value)
            case (6, UInt8(ascii: "e")): set(\.erased, name, "erased", value)
            default: break
            }
        }

        private mutating func set(
            _ part: WritableKeyPath<Parts, UnsafeRawBufferPointer?>, _ name: UnsafeRawBufferPointer, _ wanted: StaticString,
            _ value: UnsafeRawBufferPointer
        ) {
            guard LogLine.isText(name, wanted), JSONSlices.kind(value) != .null else { return }
            if self[keyPath: part] != nil { twice = wanted }
            self[keyPath: part] = value
        }
    }

    /// The answer that a decision, or a result of OPA, is or holds.
    private static func answer(in value: UnsafeRawBufferPointer) -> Bool? {
        if let answer = bool(value) { return answer }
        guard JSONSlices.kind(value) == .object else { return nil }
        var answer: Bool?
        // The answer is known by then if the rest does not hold together.
        try? JSONSlices.visitMembers(value) { name, slice in
            if isText(name, "decision") || isText(name, "allow") || isText(name, "allowed") {
                answer = bool(UnsafeRawBufferPointer(rebasing: value[slice]))
            }
            return answer == nil
        }
        return answer
    }

    private static func bool(_ value: UnsafeRawBufferPointer) -> Bool? {
        isText(value, "true") ? true : isText(value, "false") ? false : nil
    }

    private static func nanoseconds(_ quoted: UnsafeRawBufferPointer) -> Int64? {
        guard quoted.count > 2, quoted.first == UInt8(ascii: "\"") else { return nil }
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: quoted[1..<quoted.count - 1]), as: UTF8.self)
        guard let time = CELTimestamp(text: text) else { return nil }
        let (seconds, overflows) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = seconds.addingReportingOverflow(Int64(time.nanoseconds))
        return overflows || overflowsToo ? nil : sum
    }

    static func isText(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
        return memcmp(start, text.utf8Start, bytes.count) == 0
    }
}
