import Foundation

/// The documents below a folder on disk. Paths are relative to the folder and sorted by their bytes.
///
/// `FileManager.enumerator` passes over a folder that it cannot read, and a repository without its `policies/` may well be valid: here such a
/// folder is named.
struct FolderWalk {
    private(set) var documents: [String] = []
    /// What could not be looked at, and why; documents may be missing.
    private(set) var unreadable: [(path: String, why: String)] = []

    init(_ root: String) throws(DirectoryError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root, isDirectory: &isDirectory) else { throw .missing(root) }
        guard isDirectory.boolValue else { throw .notADirectory(root) }
        guard let entries = Self.entries(root) else { throw .unreadable(root) }
        var open = entries
        while let path = open.popLast() {
            switch Self.type(root + "/" + path) {
            case .typeSymbolicLink?: throw .symbolicLink(path)
            case .typeDirectory?:
                guard let below = Self.entries(root + "/" + path) else {
                    unreadable.append((path, "the folder cannot be read"))
                    continue
                }
                open += below.map { path + "/" + $0 }
            case .typeRegular?: if RepositoryReader.isDocument(path) { documents.append(path) }
            case nil: unreadable.append((path, "whether this is a file or a folder cannot be told"))
            // A pipe or a device has no content to wait for.
            default: if RepositoryReader.isDocument(path) { unreadable.append((path, "this is no ordinary file")) }
            }
        }
        documents.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        unreadable.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Names of what is in a folder, hidden entries left out; `nil` if it cannot be read.
    private static func entries(_ path: String) -> [String]? {
        (try? FileManager.default.contentsOfDirectory(atPath: path))?.filter { !$0.hasPrefix(".") }
    }

    /// What is there, links not followed; `nil` if that cannot be told.
    private static func type(_ path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }
}

/// Why a folder on disk cannot be read as a repository.
public enum DirectoryError: Error, Sendable, CustomStringConvertible {
    case missing(String)
    case notADirectory(String)
    case unreadable(String)
    case symbolicLink(String)

    public var description: String {
        switch self {
        case .missing(let path): "`\(path)` does not exist"
        case .notADirectory(let path): "`\(path)` is not a folder"
        case .unreadable(let path): "`\(path)` cannot be read; check its permissions"
        case .symbolicLink(let path): "`\(path)` is a symbolic link; links are refused, since they can lead out of the repository"
        }
    }
}
