internal import FoundationEssentials

/// Where a repository keeps its objects.
enum ObjectFolders {
    // As deep as git follows them.
    private static let alternatesDepth = 5

    /// The folder `objects` and its alternates, which are named in a file in it.
    static func list(from objects: String) -> [String] {
        var result: [String] = []
        add(objects, depth: 0, to: &result)
        return result
    }

    private static func add(_ folder: String, depth: Int, to result: inout [String]) {
        guard !result.contains(folder), depth <= alternatesDepth else { return }
        result.append(folder)
        guard let data = FileManager.default.contents(atPath: folder + "/info/alternates") else { return }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            add(line.hasPrefix("/") ? String(line) : "\(folder)/\(line)", depth: depth + 1, to: &result)
        }
    }
}
