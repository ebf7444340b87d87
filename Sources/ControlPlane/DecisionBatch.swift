import EnforcementServer
import JSON
import PolicyEngine

/// Many requests, one a line, decided one after the other.
public struct DecisionBatch {
    /// What became of a line.
    public enum Answer: Sendable {
        case decision(Decision)
        /// It holds no request.
        case refused(RequestError)
    }

    private let session: DecisionSession
    private let now: Int64

    /// - Parameter now: nanoseconds since 1970.
    public init(_ engine: PolicyEngine, now: Int64) {
        session = DecisionSession(engine)
        self.now = now
    }

    /// Decides each line that is not blank.
    ///
    /// - Parameter show: gets the number of each line, the first being 1, and what became of it, in order.
    /// - Returns: how many lines were refused.
    public func decide(_ text: [UInt8], show: (_ line: Int, Answer) throws -> Void) rethrows -> Int {
        var refused = 0
        var number = 0
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            // RFC 8259: what may stand between tokens; a line break may be CR LF.
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            let answer = decide(line)
            if case .refused = answer { refused += 1 }
            try show(number, answer)
        }
        return refused
    }

    private func decide(_ line: ArraySlice<UInt8>) -> Answer {
        line.withUnsafeBytes { bytes in
            do throws(RequestError) {
                try session.decode(bytes, now: now)
                session.decide()
                return .decision(session.decision(id: DecisionID.make(now: now)))
            } catch {
                return .refused(error)
            }
        }
    }
}

extension DecisionBatch.Answer {
    /// In the place of a decision a line that is none has its number and what is wrong with it, so that lines can be counted.
    public func json(line: Int) -> JSONValue {
        switch self {
        case .decision(let decision): decision.json
        case .refused(let error):
            ["line": .int(Int64(line)), "error": ["pointer": .string(error.pointer), "detail": .string(error.detail)]]
        }
    }
}
