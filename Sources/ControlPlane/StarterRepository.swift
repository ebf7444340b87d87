import Foundation
import Git
import JSON
import Starter

/// A starter repository on its way to disk. No file that is there is ever overwritten.
public struct StarterRepository {
    /// The folder that paths begin in: the root of the git repository, or the folder itself where there is none.
    public let root: String
    /// The folder of the documents, from the root; empty for all of it.
    public let folder: String
    /// Whether the folder is in a git repository already.
    public let isInRepository: Bool
    private let files: [StarterFile]
    /// Paths from the root of files that are there already.
    public let present: [String]

    /// - Parameter directory: the folder to begin in; it need not be there.
    /// - Throws: if it is a file, or a file is where a folder is wanted.
    public init(_ directory: String, _ settings: StarterSettings) throws(ControlError) {
        let target = URL(fileURLWithPath: directory, isDirectory: true).standardizedFileURL.resolvingSymlinksInPath().path
        let workTree = try Self.workTree(around: target)
        root = workTree ?? target
        isInRepository = workTree != nil
        folder = target == root ? "" : String(target.dropFirst(root == "/" ? 1 : root.count + 1))
        files = Starter.files(settings, in: folder)
        var present: [String] = []
        for file in files {
            if try Self.isThere(file.path, in: root) { present.append(file.path) }
        }
        self.present = present
    }

    /// The files that are written.
    public var missing: [String] { files.map(\.path).filter { !present.contains($0) } }

    /// Writes what is not there, and makes a git repository where there is none.
    ///
    /// - Parameters:
    ///   - keepsPresent: whether files that are there may stay as they are; without it nothing is written beside them.
    ///   - makesRepository: whether a folder in no git repository becomes one.
    public func write(keepsPresent: Bool, makesRepository: Bool) throws(ControlError) {
        guard keepsPresent || present.isEmpty else {
            throw ControlError(
                .input,
                "nothing was written, as \(present.count == 1 ? "a file is" : "\(present.count) files are") there already; --keep leaves "
                    + (present.count == 1 ? "it as it is" : "them as they are") + " and writes the others"
                    + present.map { "\n  " + $0 }.joined())
        }
        for file in files where !present.contains(file.path) {
            try Self.write(file, to: root + "/" + file.path)
        }
        guard makesRepository, !isInRepository else { return }
        do throws(GitError) {
            try GitRepository.create(at: root, branch: "main")
        } catch {
            throw ControlError(error)
        }
    }

    public func json(isRepository: Bool) -> JSONValue {
        [
            "root": .string(root), "folder": .string(folder), "written": JSONValue(missing), "kept": JSONValue(present),
            "git": .bool(isRepository),
        ]
    }

    /// The root of the work tree that a folder is in or would be in; `nil` for none.
    private static func workTree(around target: String) throws(ControlError) -> String? {
        var existing = URL(fileURLWithPath: target, isDirectory: true)
        while !FileManager.default.fileExists(atPath: existing.path), existing.path != "/" { existing.deleteLastPathComponent() }
        let repository: GitRepository
        do throws(GitError) {
            repository = try GitRepository(opening: existing.path)
        } catch {
            if case .notARepository = error.kind { return nil }
            throw ControlError(error)
        }
        guard let workTree = repository.workTree else {
            throw ControlError(.input, "`\(target)` is in a bare repository: name a folder in a clone of it")
        }
        let root = URL(fileURLWithPath: workTree, isDirectory: true).resolvingSymlinksInPath().path
        return target == root || target.hasPrefix(root + "/") ? root : nil
    }

    /// Whether something has the name, be it a link to nowhere.
    private static func isThere(_ path: String, in root: String) throws(ControlError) -> Bool {
        var place = root
        var info = stat()
        if lstat(root, &info) == 0, info.st_mode & S_IFMT != S_IFDIR { throw ControlError(.input, "`\(root)` is not a folder") }
        let parts = path.split(separator: "/")
        for part in parts.dropLast() {
            place += "/" + part
            guard lstat(place, &info) == 0 else { return false }
            // A link could lead out of the repository.
            guard info.st_mode & S_IFMT == S_IFDIR else {
                throw ControlError(.input, "`\(place)` is not a folder, and \(path) is to be written into it; move it away")
            }
        }
        return lstat(root + "/" + path, &info) == 0
    }

    private static func write(_ file: StarterFile, to path: String) throws(ControlError) {
        do {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw ControlError(.input, "the folder of `\(path)` cannot be made: \(error.localizedDescription)")
        }
        // Whoever writes a file of the name in this moment keeps it.
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, file.isExecutable ? 0o755 : 0o644)
        guard descriptor >= 0 else { throw ControlError(.input, "`\(path)` cannot be written: \(String(cString: strerror(errno)))") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(file.bytes))
            try handle.close()
        } catch {
            throw ControlError(.input, "`\(path)` cannot be written: \(error.localizedDescription)")
        }
    }
}
