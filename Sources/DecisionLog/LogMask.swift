import JSON

/// Which parts of requests and decisions never reach a log.
///
/// A path is a JSON Pointer (RFC 6901) that begins with `/request` or `/decision`; `*` stands for every member or element. What it names is
/// replaced by `"***"`.
public struct LogMask: Sendable {
    /// Why a text is no path.
    public struct InvalidPath: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    private final class Node: Sendable {
        let isMasked: Bool
        let members: [[UInt8]: Node]
        let any: Node?

        init(_ paths: [[String]]) {
            isMasked = paths.contains { $0.isEmpty }
            let groups = Dictionary(grouping: paths.filter { !$0.isEmpty }, by: { $0[0] })
            any = groups["*"].map { Node($0.map { Array($0.dropFirst()) }) }
            var members: [[UInt8]: Node] = [:]
            // What holds for every member holds for the named ones too.
            for (name, paths) in groups where name != "*" {
                members[Array(name.utf8)] = Node((paths + (groups["*"] ?? [])).map { Array($0.dropFirst()) })
            }
            self.members = members
        }

        func child(_ name: [UInt8]) -> Node? { members[name] ?? any }
    }

    public let paths: [String]
    private let request: Node?
    private let decision: Node?

    public init(_ paths: [String]) throws(InvalidPath) {
        self.paths = paths
        var parts: [String: [[String]]] = [:]
        for path in paths {
            let names = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
                .map { $0.replacing("~1", with: "/").replacing("~0", with: "~") }
            guard path.hasPrefix("/"), let root = names.first, root == "request" || root == "decision", names.count > 1 else {
                throw InvalidPath(
                    description: "`\(path)` is no path to be masked; write `/request/context/prompt` or `/decision/reasons/*/message`")
            }
            parts[root, default: []].append(Array(names.dropFirst()))
        }
        request = parts["request"].map { Node($0) }
        decision = parts["decision"].map { Node($0) }
    }

    public var masksRequests: Bool { request != nil }
    public var masksDecisions: Bool { decision != nil }

    /// A request without what is masked; `nil` if that is nothing of it.
    func masked(request json: UnsafeRawBufferPointer) -> [UInt8]? { request.flatMap { Self.masked(json, $0) } }

    func masked(decision json: UnsafeRawBufferPointer) -> [UInt8]? { decision.flatMap { Self.masked(json, $0) } }

    private static func masked(_ json: UnsafeRawBufferPointer, _ node: Node) -> [UInt8]? {
        var scanner = Scanner(json)
        scanner.value(node)
        // What cannot be read cannot be told to hold nothing: none of it is logged.
        if scanner.isBroken { return Array("\"***\"".utf8) }
        return scanner.hasMasked ? scanner.out : nil
    }

    /// Copies JSON that was read before, save what is masked.
    private struct Scanner {
        private let json: UnsafeRawBufferPointer
        private var place = 0
        var out: [UInt8] = []
        var hasMasked = false
        var isBroken = false

        init(_ json: UnsafeRawBufferPointer) {
            self.json = json
            out.reserveCapacity(json.count)
        }

        private var byte: UInt8 { place < json.count ? json[place] : 0 }

        private mutating func skipSpace() {
            while byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { place += 1 }
        }

        private mutating func expect(_ expected: UInt8) {
            skipSpace()
            guard byte == expected, !isBroken else {
                isBroken = true
                return
            }
            place += 1
        }

        mutating func value(_ node: Node?) {
            skipSpace()
            let start = place
            guard let node, !node.isMasked else {
                skipValue()
                if node == nil {
                    out += json[start..<place]
                } else {
                    out += "\"***\"".utf8
                    hasMasked = true
                }
                return
            }
            switch byte {
            case UInt8(ascii: "{"): members(node)
            case UInt8(ascii: "["): elements(node)
            default:
                skipValue()
                out += json[start..<place]
            }
        }

        private mutating func members(_ node: Node) {
            list(UInt8(ascii: "{"), UInt8(ascii: "}")) { scanner, _ in
                scanner.skipSpace()
                let start = scanner.place
                scanner.skipString()
                let quoted = scanner.json[start..<scanner.place]
                scanner.out += quoted
                scanner.expect(UInt8(ascii: ":"))
                scanner.out.append(UInt8(ascii: ":"))
                scanner.value(node.child(Self.name(quoted)))
            }
        }

        private mutating func elements(_ node: Node) {
            list(UInt8(ascii: "["), UInt8(ascii: "]")) { scanner, number in scanner.value(node.child(Array("\(number)".utf8))) }
        }

        private mutating func list(_ open: UInt8, _ close: UInt8, _ item: (inout Scanner, Int) -> Void) {
            place += 1
            out.append(open)
            skipSpace()
            var number = 0
            while byte != close, !isBroken {
                if number > 0 {
                    expect(UInt8(ascii: ","))
                    out.append(UInt8(ascii: ","))
                }
                item(&self, number)
                number += 1
                skipSpace()
            }
            expect(close)
            out.append(close)
        }

        /// The name of a member, unescaped.
        private static func name(_ quoted: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
            let inner = quoted.dropFirst().dropLast()
            guard inner.contains(UInt8(ascii: "\\")) else { return Array(inner) }
            guard case .string(let text)? = try? JSONParser.parse(Array(quoted)) else { return Array(inner) }
            return Array(text.utf8)
        }

        private mutating func skipString() {
            guard byte == UInt8(ascii: "\"") else {
                isBroken = true
                return
            }
            place += 1
            while place < json.count, byte != UInt8(ascii: "\"") { place += byte == UInt8(ascii: "\\") ? 2 : 1 }
            if place >= json.count { isBroken = true } else { place += 1 }
        }

        /// Without recursion: however deep what is skipped may be.
        private mutating func skipValue() {
            var depth = 0
            repeat {
                skipSpace()
                switch byte {
                case UInt8(ascii: "\""): skipString()
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    place += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    place += 1
                case UInt8(ascii: ","), UInt8(ascii: ":"): place += 1
                default:
                    let start = place
                    while place < json.count, !Self.ends(json[place]) { place += 1 }
                    if place == start { isBroken = true }
                }
            } while depth > 0 && !isBroken
        }

        private static func ends(_ byte: UInt8) -> Bool {
            byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
                || byte == UInt8(ascii: ":")
        }
    }
}
