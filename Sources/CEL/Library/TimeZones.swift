import Glibc
import Synchronization

/// Offsets of time zones, by the rules that the system's tzdata has.
enum TimeZones {
    /// Where tzdata lies.
    private static let folder = "/usr/share/zoneinfo/"

    // Zones that were read, or found not to be there. Bounded, as names may come from requests.
    private static let known = Mutex<[String: TimeZoneRules?]>([:])

    /// Seconds ahead of UTC at an instant, for `UTC`, `+02:00`, `-02:30`, `02:00`, `Europe/Berlin`; nil for an unknown zone.
    static func offset(of name: String, at seconds: Int64) -> Int64? {
        if name.isEmpty || name == "UTC" || name == "Z" { return 0 }
        return fixed(name) ?? rules(name)?.offset(at: seconds)
    }

    private static func fixed(_ name: String) -> Int64? {
        var reader = DigitReader(name)
        let isNegative = reader.take("-")
        if !isNegative { _ = reader.take("+") }
        guard let hours = reader.digits(2), reader.take(":"), let minutes = reader.digits(2), reader.isAtEnd, hours < 24, minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (isNegative ? -1 : 1)
    }

    private static func rules(_ name: String) -> TimeZoneRules? {
        known.withLock { known in
            if let found = known[name] { return found }
            let rules = isName(name) ? read(folder + name).flatMap { TimeZoneRules($0) } : nil
            if known.count >= 1_000 { known.removeAll() }
            known[name] = .some(rules)
            return rules
        }
    }

    /// Whether the name stays within the folder: parts of letters, digits, `_`, `+` and `-`, none of them empty or a step up.
    private static func isName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return name.utf8.count <= 64
            && parts.allSatisfy { part in !part.isEmpty && part.allSatisfy { $0.isLetter || $0.isDigit || $0 == 43 || $0 == 45 } }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // The largest zone takes a few kilobytes.
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var length = 0
        while length < buffer.count {
            let count = buffer.withUnsafeMutableBytes { bytes in
                Glibc.read(file, bytes.baseAddress.map { $0 + length }, bytes.count - length)
            }
            if count < 0 { return nil }
            if count == 0 { break }
            length += count
        }
        return Array(buffer[..<length])
    }
}
