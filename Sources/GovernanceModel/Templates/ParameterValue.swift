import CEL
import JSON
import YAML

/// A value of a parameter.
enum ParameterValue {
    case text(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    /// Seconds since 1970, and as it is written.
    case timestamp(Int64, String)
    /// Nanoseconds, and as it is written.
    case duration(Int64, String)
    case list([String])

    /// `node` as a value of the type; nil if it is none.
    init?(_ node: YAMLNode, _ type: ParameterType) {
        if type == .stringList {
            guard case .sequence(let items) = node.content else { return nil }
            var texts: [String] = []
            for item in items {
                guard case .text(let text)? = ParameterValue(item, .string) else { return nil }
                texts.append(text)
            }
            self = .list(texts)
            return
        }
        guard case .scalar(let text, let isPlain) = node.content else { return nil }
        switch (type, YAMLScalarType(text, isPlain: isPlain)) {
        case (.string, .string): self = .text(text)
        case (.int, .int):
            guard let number = YAMLNumber.int(text) else { return nil }
            self = .int(number)
        case (.double, .int), (.double, .float):
            guard let number = YAMLNumber.int(text).map(Double.init) ?? Double(text), number.isFinite else { return nil }
            self = .double(number)
        case (.bool, .bool): self = .bool(text.lowercased() == "true")
        case (.timestamp, .string):
            // What comes before the year 1 is no time in conditions.
            guard let seconds = Timestamp.seconds(text), seconds >= -62_135_596_800 else { return nil }
            self = .timestamp(seconds, text)
        case (.duration, .string):
            guard let nanoseconds = Period.nanoseconds(text) else { return nil }
            self = .duration(nanoseconds, text)
        default: return nil
        }
    }

    /// A value of the type for want of a better one: conditions have the same types with it as with any other.
    init(specimenOf type: ParameterType) {
        switch type {
        case .string: self = .text("")
        case .int: self = .int(1)
        case .double: self = .double(1)
        case .bool: self = .bool(false)
        case .timestamp: self = .timestamp(0, "1970-01-01")
        case .duration: self = .duration(1_000_000_000, "1s")
        case .stringList: self = .list([""])
        }
    }

    /// As it stands in a text; nil for a list.
    var plainText: String? {
        switch self {
        case .text(let text), .timestamp(_, let text), .duration(_, let text): text
        case .int(let number): String(number)
        case .double(let number): Decimal.normalise("\(number)") ?? "\(number)"
        case .bool(let flag): flag ? "true" : "false"
        case .list: nil
        }
    }

    /// As it stands in a condition: always one whole operand.
    var literal: String {
        switch self {
        case .text(let text): return CELSource.quoted(text)
        case .int(let number): return number < 0 ? "(\(number))" : "\(number)"
        case .double(let number): return number < 0 ? "(\(number))" : "\(number)"
        case .bool(let flag): return flag ? "true" : "false"
        case .timestamp(_, let text):
            let time = text.utf8.count == 10 ? text + "T00:00:00Z" : text.uppercased()
            return "timestamp(\(CELSource.quoted(time)))"
        case .duration(let nanoseconds, _): return "duration(\"\(nanoseconds / 1_000_000)ms\")"
        case .list(let texts): return "[" + texts.map(CELSource.quoted).joined(separator: ", ") + "]"
        }
    }

    /// Where the value stands among others of its type; nil if they have no order.
    func isLess(than other: ParameterValue) -> Bool? {
        switch (self, other) {
        case (.int(let a), .int(let b)): a < b
        case (.double(let a), .double(let b)): a < b
        case (.timestamp(let a, _), .timestamp(let b, _)): a < b
        case (.duration(let a, _), .duration(let b, _)): a < b
        default: nil
        }
    }

    /// Whether both are the same value; texts are compared by bytes, as conditions compare.
    func isSame(as other: ParameterValue) -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        case (.bool(let a), .bool(let b)): a == b
        default: isLess(than: other) == false && other.isLess(than: self) == false
        }
    }
}
