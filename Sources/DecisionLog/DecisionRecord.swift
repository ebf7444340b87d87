/// A logged decision as it lies in the spool.
///
/// 104 bytes: time, id (two words), flags, duration, trace id (two words), span id, and the lengths of twelve texts; then the texts.
public struct DecisionRecord {
    public enum Text: Int, CaseIterable, Sendable {
        case subjectType, subjectID, action, resourceType, resourceID, caller, path, requestID, remote, hits, request, decision
    }

    struct Flags: OptionSet {
        let rawValue: UInt32
        static let allowed = Flags(rawValue: 1)
        static let masked = Flags(rawValue: 2)
        static let traceSampled = Flags(rawValue: 4)
    }

    static let textsOffset = 56
    static let headerSize = textsOffset + Text.allCases.count * 4

    let bytes: UnsafeRawBufferPointer

    /// - Parameter bytes: what `write` has written; `nil` if it cannot have been.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerSize else { return nil }
        self.bytes = bytes
        guard start(of: Text.allCases.count) <= bytes.count else { return nil }
    }

    private func length(_ number: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: Self.textsOffset + number * 4, as: UInt32.self))
    }

    private func start(of number: Int) -> Int {
        var start = Self.headerSize
        for earlier in 0..<number { start += length(earlier) }
        return start
    }

    private func word(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

    /// Nanoseconds since 1970.
    public var at: Int64 { Int64(bitPattern: word(0)) }
    public var id: (high: UInt64, low: UInt64) { (word(8), word(16)) }
    var flags: Flags { Flags(rawValue: bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self)) }
    public var isAllowed: Bool { flags.contains(.allowed) }
    /// Whether something was left out of the request or the decision.
    public var isMasked: Bool { flags.contains(.masked) }
    /// Whether the caller records its trace.
    public var isTraceSampled: Bool { flags.contains(.traceSampled) }
    public var nanoseconds: UInt32 { bytes.loadUnaligned(fromByteOffset: 28, as: UInt32.self) }
    public var traceID: (high: UInt64, low: UInt64) { (word(32), word(40)) }
    public var spanID: UInt64 { word(48) }

    /// The bytes of a text; valid as long as the record's.
    public subscript(text: Text) -> UnsafeRawBufferPointer {
        let start = start(of: text.rawValue)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + length(text.rawValue)])
    }

    public func string(_ text: Text) -> String { String(decoding: self[text], as: UTF8.self) }

    /// A rule that took effect.
    public struct Hit: Sendable, Equatable {
        public var outcome: DecisionEntry.Hit.Outcome
        public var policy: String
        public var rule: String
        public var severity: String

        public init(outcome: DecisionEntry.Hit.Outcome, policy: String, rule: String, severity: String) {
            self.outcome = outcome
            self.policy = policy
            self.rule = rule
            self.severity = severity
        }
    }

    public var hits: [Hit] {
        let bytes = self[.hits]
        var hits: [Hit] = []
        var place = 0
        while place + 4 <= bytes.count {
            let lengths = (Int(bytes[place + 1]), Int(bytes[place + 2]), Int(bytes[place + 3]))
            let start = place + 4
            guard let outcome = DecisionEntry.Hit.Outcome(rawValue: bytes[place]),
                start + lengths.0 + lengths.1 + lengths.2 <= bytes.count
            else { break }
            func text(_ offset: Int, _ count: Int) -> String {
                String(decoding: bytes[start + offset..<start + offset + count], as: UTF8.self)
            }
            hits.append(
                Hit(
                    outcome: outcome, policy: text(0, lengths.0), rule: text(lengths.0, lengths.1),
                    severity: text(lengths.0 + lengths.1, lengths.2)))
            place = start + lengths.0 + lengths.1 + lengths.2
        }
        return hits
    }
}

/// Writes a record.
struct DecisionRecordWriter {
    let entry: DecisionEntry
    let request: UnsafeRawBufferPointer
    let decision: UnsafeRawBufferPointer
    let isMasked: Bool
    let count: Int
    private let hitsCount: Int

    init(_ entry: DecisionEntry, request: UnsafeRawBufferPointer, decision: UnsafeRawBufferPointer, isMasked: Bool) {
        self.entry = entry
        self.request = request
        self.decision = decision
        self.isMasked = isMasked
        hitsCount = entry.hits.reduce(0) { $0 + 4 + min(255, $1.policy.count) + min(255, $1.rule.count) + min(255, $1.severity.count) }
        var count = DecisionRecord.headerSize + hitsCount + request.count + decision.count
        count += entry.subjectType.count + entry.subjectID.count + entry.action.count + entry.resourceType.count + entry.resourceID.count
        count += entry.caller.utf8.count + entry.path.utf8.count + entry.requestID.utf8.count + entry.remote.utf8.count
        self.count = count
    }

    func write(to target: UnsafeMutableRawBufferPointer) {
        var cursor = Cursor(target)
        cursor.store(UInt64(bitPattern: entry.at), at: 0)
        cursor.store(entry.id.high, at: 8)
        cursor.store(entry.id.low, at: 16)
        var flags: DecisionRecord.Flags = entry.isAllowed ? .allowed : []
        if isMasked { flags.insert(.masked) }
        if entry.isTraceSampled { flags.insert(.traceSampled) }
        cursor.store(flags.rawValue, at: 24)
        cursor.store(entry.nanoseconds, at: 28)
        cursor.store(entry.traceID.high, at: 32)
        cursor.store(entry.traceID.low, at: 40)
        cursor.store(entry.spanID, at: 48)
        cursor.append(entry.subjectType, .subjectType)
        cursor.append(entry.subjectID, .subjectID)
        cursor.append(entry.action, .action)
        cursor.append(entry.resourceType, .resourceType)
        cursor.append(entry.resourceID, .resourceID)
        cursor.append(entry.caller, .caller)
        cursor.append(entry.path, .path)
        cursor.append(entry.requestID, .requestID)
        cursor.append(entry.remote, .remote)
        cursor.append(entry.hits, count: hitsCount)
        cursor.append(request, .request)
        cursor.append(decision, .decision)
    }

    private struct Cursor {
        let target: UnsafeMutableRawBufferPointer
        var end = DecisionRecord.headerSize

        init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

        func store<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at place: Int) {
            target.storeBytes(of: word, toByteOffset: place, as: Word.self)
        }

        private func setLength(_ count: Int, _ text: DecisionRecord.Text) {
            store(UInt32(truncatingIfNeeded: count), at: DecisionRecord.textsOffset + text.rawValue * 4)
        }

        private mutating func append(_ bytes: UnsafeRawBufferPointer) {
            UnsafeMutableRawBufferPointer(rebasing: target[end..<end + bytes.count]).copyMemory(from: bytes)
            end += bytes.count
        }

        mutating func append(_ bytes: UnsafeRawBufferPointer, _ text: DecisionRecord.Text) {
            setLength(bytes.count, text)
            append(bytes)
        }

        mutating func append(_ string: String, _ text: DecisionRecord.Text) {
            var string = string
            string.withUTF8 { append(UnsafeRawBufferPointer($0), text) }
        }

        mutating func append(_ hits: [DecisionEntry.Hit], count: Int) {
            setLength(count, .hits)
            for hit in hits {
                let texts = [hit.policy, hit.rule, hit.severity].map { UnsafeRawBufferPointer(rebasing: $0.prefix(255)) }
                store(hit.outcome.rawValue, at: end)
                for number in 0..<3 { store(UInt8(texts[number].count), at: end + 1 + number) }
                end += 4
                for text in texts { append(text) }
            }
        }
    }
}
