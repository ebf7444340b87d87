import Glibc

/// JSON text taken apart in place: one token for each name and value, in the order of the text. Kept and filled again, it allocates nothing.
///
/// It accepts what `JSONParser` accepts and nothing else; what is wrong with a text is for that to say. Belongs to one thread at a time.
public final class JSONTape {
    @frozen
    public enum Kind: UInt8, Sendable {
        case null, bool, int, double, string, array, object

        /// What the value is called in messages to people, as `JSONValue.kindName` has it.
        public var name: String {
            switch self {
            case .null: "null"
            case .bool: "a boolean"
            case .int: "an integer"
            case .double: "a number"
            case .string: "a string"
            case .array: "an array"
            case .object: "an object"
            }
        }
    }

    public struct Token: Sendable {
        public var kind: Kind
        /// For a string, whether its bytes were unescaped into `unescaped`; for a boolean, its value.
        @usableFromInline var flag: Bool
        /// Whether a string is ASCII.
        var isASCII: Bool
        /// Place of a string's or number's bytes, or of an object's or array's bracket; number of members or elements of what has them.
        @usableFromInline var start: UInt32
        @usableFromInline var count: UInt32
        /// The token after this value and all that is in it.
        public var next: UInt32
    }

    static let depthLimit = 64
    /// Objects with more members than this are checked for duplicates with a set.
    private static let searchedMembers = 24

    /// What is read of again and again, reached by pointer: stored properties of a class would be checked for exclusive access at every step.
    @usableFromInline
    struct Storage {
        // INVARIANT: all live as long as the tape; `text` as long as the caller promised.
        @usableFromInline var tokens: UnsafeMutablePointer<Token>
        @usableFromInline var unescaped: UnsafeMutablePointer<UInt8>
        @usableFromInline var text: UnsafeRawPointer
    }

    @usableFromInline let storage: UnsafeMutablePointer<Storage>
    private var tokenCapacity = 256
    private var unescapedCapacity = 1_024

    public init() {
        storage = .allocate(capacity: 1)
        let unescaped = UnsafeMutablePointer<UInt8>.allocate(capacity: unescapedCapacity)
        storage.initialize(
            to: Storage(tokens: .allocate(capacity: tokenCapacity), unescaped: unescaped, text: UnsafeRawPointer(unescaped)))
    }

    deinit {
        storage.pointee.tokens.deallocate()
        storage.pointee.unescaped.deallocate()
        storage.deallocate()
    }

    /// Takes a text apart; false if it is not valid JSON. The text must stay where it is as long as tokens are read.
    public func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, bytes.count < Int(UInt32.max) else { return false }
        storage.pointee.text = start
        // Unescaping makes nothing longer.
        if Self.mostTokens(bytes.count) > tokenCapacity {
            storage.pointee.tokens.deallocate()
            tokenCapacity = bytes.count + Self.depthLimit
            storage.pointee.tokens = .allocate(capacity: tokenCapacity)
        }
        if bytes.count > unescapedCapacity {
            storage.pointee.unescaped.deallocate()
            unescapedCapacity = bytes.count * 2
            storage.pointee.unescaped = .allocate(capacity: unescapedCapacity)
        }
        var reader = TapeReader(
            text: start.assumingMemoryBound(to: UInt8.self), end: bytes.count, tokens: storage.pointee.tokens,
            unescaped: storage.pointee.unescaped)
        guard reader.document() else { return false }
        return !reader.hasLargeObject || !hasDuplicates()
    }

    /// Every token takes two bytes at least, but for the last and for the brackets that a text which ends too early leaves open.
    static func mostTokens(_ byteCount: Int) -> Int { (byteCount + depthLimit) / 2 + 1 }

    /// The token of the whole text is 0.
    @inlinable
    public func kind(_ token: Int) -> Kind { storage.pointee.tokens[token].kind }

    @inlinable
    public func bool(_ token: Int) -> Bool { storage.pointee.tokens[token].flag }

    /// Members of an object, elements of an array.
    @inlinable
    public func count(_ token: Int) -> Int { Int(storage.pointee.tokens[token].count) }

    @inlinable
    public func next(_ token: Int) -> Int { Int(storage.pointee.tokens[token].next) }

    /// Where an object or array begins in the text.
    @inlinable
    public func start(_ token: Int) -> Int { Int(storage.pointee.tokens[token].start) }

    /// The bytes of a string, escapes resolved, or of a number.
    @inlinable
    public func bytes(_ token: Int) -> UnsafeRawBufferPointer {
        let token = storage.pointee.tokens + token
        let isUnescaped = token.pointee.kind == .string && token.pointee.flag
        let base = isUnescaped ? UnsafeRawPointer(storage.pointee.unescaped) : storage.pointee.text
        return UnsafeRawBufferPointer(start: base + Int(token.pointee.start), count: Int(token.pointee.count))
    }

    public func string(_ token: Int) -> String { String(decoding: bytes(token), as: UTF8.self) }

    /// The value of the member `name` of an object.
    public func member(_ object: Int, _ name: StaticString) -> Int? {
        let length = name.utf8CodeUnitCount
        var token = object + 1
        let end = next(object)
        while token < end {
            if count(token) == length {
                let key = bytes(token)
                // Most are told apart by their first letter, without a call. INVARIANT: no name that is asked for is empty.
                if key[0] == name.utf8Start[0], let start = key.baseAddress, memcmp(start, name.utf8Start, length) == 0 { return token + 1 }
            }
            token = next(token + 1)
        }
        return nil
    }

    private func hasDuplicates() -> Bool {
        var token = 0
        let end = next(0)
        while token < end {
            if kind(token) == .object, count(token) > Self.searchedMembers {
                var names: Set<String> = []
                var member = token + 1
                while member < next(token) {
                    if !names.insert(string(member)).inserted { return true }
                    member = next(member + 1)
                }
            }
            token += 1
        }
        return false
    }

    /// The value of an integer.
    public func int(_ token: Int) -> Int64 {
        let bytes = bytes(token)
        var magnitude: UInt64 = 0
        let isNegative = bytes.first == UInt8(ascii: "-")
        for byte in isNegative ? bytes.dropFirst() : bytes[...] { magnitude = magnitude &* 10 &+ UInt64(byte &- 0x30) }
        // INVARIANT: the reader has seen that it fits.
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(truncatingIfNeeded: magnitude)
    }

    /// The value of a number.
    public func double(_ token: Int) -> Double {
        if kind(token) == .int { return Double(int(token)) }
        let bytes = bytes(token)
        return DecimalReading.double(bytes) ?? Double(String(decoding: bytes, as: UTF8.self)) ?? .nan
    }

    /// The value as `JSONParser` would give it.
    public func value(_ token: Int) -> JSONValue {
        switch kind(token) {
        case .null: return .null
        case .bool: return .bool(bool(token))
        case .int: return .int(int(token))
        case .double: return .double(double(token))
        case .string: return .string(string(token))
        case .array:
            var items: [JSONValue] = []
            var element = token + 1
            while element < next(token) {
                items.append(value(element))
                element = next(element)
            }
            return .array(items)
        case .object:
            var members: [JSONObject.Member] = []
            var member = token + 1
            while member < next(token) {
                members.append(.init(name: string(member), value: value(member + 1)))
                member = next(member + 1)
            }
            return .object(JSONObject(uniqueMembers: members))
        }
    }

    /// Whether `TapeReader` compares each name with those before it.
    static func isSearched(_ members: UInt32) -> Bool { members <= UInt32(searchedMembers) }
}

/// Decimal numbers whose nearest double is found by one exact operation.
enum DecimalReading {
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// Nil where the digits or the exponent are too many for that.
    static func double(_ bytes: UnsafeRawBufferPointer) -> Double? {
        var mantissa: UInt64 = 0
        var digits = 0
        var fraction = 0
        var isFraction = false
        for byte in bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...] {
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            guard byte >= 0x30, byte <= 0x39, digits < 15 else { return nil }
            mantissa = mantissa * 10 + UInt64(byte - 0x30)
            digits += 1
            if isFraction { fraction += 1 }
        }
        // Both are exact, so the quotient is rounded once.
        let value = Double(mantissa) / powers[fraction]
        return bytes.first == UInt8(ascii: "-") ? -value : value
    }
}
