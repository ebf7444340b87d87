import JSON
import PolicyBundle

/// How much of a bundle each of its sections takes, the largest first.
public struct BundleSections: Sendable {
    public struct Section: Sendable {
        public var name: String
        public var records: Int
        public var bytes: Int
    }

    public let sections: [Section]

    public init(_ bundle: PolicyBundle) {
        sections = BundleSection.allCases.map { section in
            let records = bundle.count(section)
            return Section(name: section.name, records: records, bytes: records * max(1, section.stride * 4))
        }.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    }

    public var json: JSONValue {
        .array(sections.map { ["name": .string($0.name), "records": .int(Int64($0.records)), "bytes": .int(Int64($0.bytes))] })
    }

    /// - Parameter limit: of how many sections is told one by one.
    public func lines(limit: Int = .max) -> [String] {
        func line(_ name: String, _ bytes: Int, _ rest: String) -> String {
            let number = String(bytes)
            return "  \(name)  \(String(repeating: " ", count: max(0, 11 - number.count)))\(number) bytes  \(rest)"
        }
        let used = sections.filter { $0.bytes > 0 }
        var lines = used.prefix(limit).map { line($0.name, $0.bytes, "\($0.records) record\($0.records == 1 ? "" : "s")") }
        let others = used.dropFirst(limit)
        if !others.isEmpty { lines.append(line("…   ", others.reduce(0) { $0 + $1.bytes }, "\(others.count) other sections")) }
        return lines
    }
}
