import JSON
import PolicyBundle

/// Which parts of a request decide something, by the bundles that are compared.
///
/// A request that a mask has changed can be replayed all the same if nothing that was taken out is read by a condition, or is needed to tell who wants
/// to do what, and at which cost.
struct HiddenParts {
    /// Paths of slots that some condition reads, e.g. `context.purpose`.
    private let read: Set<String>

    init(_ bundles: [PolicyBundle]) {
        var read: Set<String> = ["context.inputTokens", "context.maxOutputTokens"]
        for bundle in bundles {
            for row in 0..<bundle.count(.slot) where bundle.word(.slot, row, 2) == 1 {
                let path = bundle.string(Int(bundle.word(.slot, row, 0)))
                read.insert(path == "findings" ? "context.findings" : path)
            }
        }
        self.read = read
    }

    /// - Parameter path: names of members from the request on.
    func decides(_ path: [String]) -> Bool {
        guard let first = path.first else { return true }
        switch first {
        case "subject", "action", "resource":
            guard path.count > 1 else { return true }
            if path[1] == "properties" { return isRead(first + ".properties", path.dropFirst(2).first) }
            return path[1] == "id" || path[1] == "type" || path[1] == "name"
        case "context": return isRead("context", path.dropFirst().first)
        default: return false
        }
    }

    /// Whether something in a map is read, or the map as a whole.
    private func isRead(_ map: String, _ member: String?) -> Bool {
        if read.contains(map) { return true }
        guard let member else { return read.contains { $0.hasPrefix(map + ".") } }
        return read.contains("\(map).\(member)")
    }
}

/// What stands in a log for what was taken out.
enum HiddenText {
    /// The paths of all hidden texts of a request; nil if it is not valid JSON.
    static func paths(in request: UnsafeRawBufferPointer, _ tape: JSONTape) -> [[String]]? {
        guard tape.read(request) else { return nil }
        var found: [[String]] = []
        var path: [String] = []
        collect(0, tape, &path, &found)
        return found
    }

    private static func collect(_ token: Int, _ tape: JSONTape, _ path: inout [String], _ found: inout [[String]]) {
        switch tape.kind(token) {
        // As `--log-mask` writes it.
        case .string: if LogLine.isText(tape.bytes(token), "***") { found.append(path) }
        case .object:
            var member = token + 1
            while member < tape.next(token) {
                let next = tape.next(member + 1)
                // Only what may hold a text is given a name.
                if tape.kind(member + 1).rawValue >= JSONTape.Kind.string.rawValue {
                    path.append(tape.string(member))
                    collect(member + 1, tape, &path, &found)
                    path.removeLast()
                }
                member = next
            }
        case .array:
            var element = token + 1
            var number = 0
            while element < tape.next(token) {
                path.append(String(number))
                collect(element, tape, &path, &found)
                path.removeLast()
                element = tape.next(element)
                number += 1
            }
        default: break
        }
    }

    /// The paths in a list of JSON Pointers (RFC 6901) to parts of an event of OPA, as far as they point into its input; nil if it is no such list.
    static func paths(of list: UnsafeRawBufferPointer) -> [[String]]? {
        guard let items = try? JSONParser.parse(Array(list)).arrayValue else { return nil }
        var paths: [[String]] = []
        for item in items {
            guard let pointer = item.stringValue else { return nil }
            let names = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
                .map { $0.replacing("~1", with: "/").replacing("~0", with: "~") }
            if names.first == "input" { paths.append(Array(names.dropFirst())) }
        }
        return paths
    }

    /// The path as a JSON Pointer.
    static func pointer(_ path: [String]) -> String {
        path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }
}
