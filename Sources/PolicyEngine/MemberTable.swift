import Glibc
import PolicyBundle

/// Whether texts are the same, byte for byte.
@inline(__always)
func isSame(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count, one.count > 0, let left = one.baseAddress, let right = other.baseAddress else {
        return one.count == other.count
    }
    return one[0] == other[0] && memcmp(left, right, one.count) == 0
}

/// The types that members of a request may be declared with.
enum MemberType: UInt8 {
    case string, bool, int, double, timestamp, stringList, stringMap, map, dynamic

    /// - Parameter name: as the bundle spells it.
    init?(name: String) {
        switch name {
        case "string": self = .string
        case "bool": self = .bool
        case "int": self = .int
        case "double": self = .double
        case "google.protobuf.Timestamp": self = .timestamp
        case "list(string)": self = .stringList
        case "map(string, string)": self = .stringMap
        case "map(string, dyn)": self = .map
        case "dyn": self = .dynamic
        default: return nil
        }
    }

    /// What a request is told to bring.
    var expectation: String {
        switch self {
        case .string: "a string"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .timestamp: "a time as a string"
        case .stringList: "an array of strings"
        case .stringMap: "an object of strings"
        case .map, .dynamic: "an object"
        }
    }
}

/// A member of a request's context, or a property of its resource, as the organisation declares it.
struct DeclaredMember {
    var name: UnsafeRawBufferPointer
    var type: MemberType
    /// Where its value goes; -1 where no condition can read it.
    var slot: Int
    /// The only texts allowed, strings of the bundle; every one, when empty.
    var values: UnsafeBufferPointer<UInt32>
}

/// Members by name.
struct MemberTable: @unchecked Sendable {
    // INVARIANT: written before `init` returns and never after; names and values lie in the bundle, which outlives this. The engine that made
    // it releases it.
    private let members: UnsafeMutablePointer<DeclaredMember>
    private let places: UnsafeMutablePointer<Int32>
    private let mask: Int
    private let count: Int

    init(_ list: [DeclaredMember]) {
        count = list.count
        var size = 8
        while size < list.count * 2 { size *= 2 }
        mask = size - 1
        members = .allocate(capacity: max(1, list.count))
        places = .allocate(capacity: size)
        places.initialize(repeating: -1, count: size)
        for (index, member) in list.enumerated() {
            (members + index).initialize(to: member)
            var place = Self.hash(member.name) & mask
            // Names are unique in a bundle that a compiler wrote; in any other the last one counts.
            while places[place] >= 0, !isSame(members[Int(places[place])].name, member.name) { place = (place + 1) & mask }
            places[place] = Int32(truncatingIfNeeded: index)
        }
    }

    func release() {
        members.deallocate()
        places.deallocate()
    }

    /// Names are short and few: their length and ends tell them apart well enough.
    @inline(__always)
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        guard name.count > 0 else { return 0 }
        let (first, last, middle) = (Int(name[0]), Int(name[name.count - 1]), Int(name[name.count / 2]))
        return first &* 31 &+ last &* 7 &+ middle &* 13 &+ name.count &* 3
    }

    @inline(__always)
    subscript(name: UnsafeRawBufferPointer) -> UnsafePointer<DeclaredMember>? {
        var place = Self.hash(name) & mask
        while places[place] >= 0 {
            let member = UnsafePointer(members + Int(places[place]))
            if member.pointee.name.count == name.count, isSame(member.pointee.name, name) { return member }
            place = (place + 1) & mask
        }
        return nil
    }
}
