import Digest
import Files
import Git
import Glibc

/// The parsed files of a repository's last version, kept in its git folder so that the next process need not parse them again.
///
/// One file for each folder of documents, in `charter`: 8 bytes that tell what it is, who has written it, the SHA-256 of what follows, and
/// then the blobs' ids with their places, and what each came to. Another build of the program, and one that finds the digest wrong, leave it
/// alone and parse: it holds nothing that the repository does not, and may be deleted at any time.
///
/// INVARIANT: it is believed only where nobody but its owner, who runs this, can have written it.
struct ParsedFileStore {
    private static let magic = Array("CHPARSE1".utf8)
    private static let digestSize = 32
    private static let headerSize = magic.count + 2 * digestSize
    /// Fewer new files than this are parsed in less time than the store takes to be read or written.
    static let worthwhile = 256

    private let folder: String
    private let name: String

    /// - Parameter documents: the folder of the commits' trees that is read; empty for the whole tree.
    init(_ repository: GitRepository, documents: String) {
        folder = repository.commonDirectory + "/charter"
        name = documents.isEmpty ? "parsed" : "parsed-" + String(SHA256Digest(of: Array(documents.utf8)).description.prefix(16))
    }

    // MARK: Reading

    /// What a store holds.
    struct Contents {
        fileprivate var bytes: [UInt8]
        fileprivate var places: [GitObjectID: Range<Int>]

        func file(_ blob: GitObjectID, path: String) -> ParsedFile? { places[blob].flatMap { ParsedFile(bytes[$0], path: path) } }

        func holds(_ blob: GitObjectID) -> Bool { places[blob] != nil }
    }

    /// Nothing if there is none that is whole and of this program.
    func contents() -> Contents? {
        guard let program = Self.program, let bytes = read(), bytes.count >= Self.headerSize + 4,
            bytes.starts(with: Self.magic + program),
            bytes[(Self.headerSize - Self.digestSize)..<Self.headerSize].elementsEqual(Self.digest(bytes))
        else { return nil }
        return bytes.withUnsafeBytes { raw -> [GitObjectID: Range<Int>]? in
            func number(_ offset: Int) -> Int { Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) }
            let count = number(Self.headerSize)
            var entry = Self.headerSize + 4
            var body = entry + count * Self.entrySize
            guard body <= raw.count else { return nil }
            var places: [GitObjectID: Range<Int>] = Dictionary(minimumCapacity: count)
            for _ in 0..<count {
                let size = number(entry + 20)
                guard let blob = GitObjectID(bytes: raw[entry..<entry + 20]), size <= raw.count - body else { return nil }
                places[blob] = body..<body + size
                body += size
                entry += Self.entrySize
            }
            return places
        }.map { Contents(bytes: bytes, places: $0) }
    }

    /// A blob's id and how many bytes its file takes.
    private static let entrySize = 24

    // MARK: Writing

    /// Replaces what was kept, if that is worth it: if enough of the files are there to be kept that are not kept yet.
    ///
    /// Where it is not possible (the disk is full, the folder is somebody else's, another process is at it) nothing is kept, and nothing lost.
    ///
    /// - Parameter kept: what is there.
    func keep(_ files: [(blob: GitObjectID, file: ParsedFile)], over kept: Contents?) {
        let new = files.lazy.filter { $0.file.canBeKept && kept?.holds($0.blob) != true }
        guard let program = Self.program, new.prefix(Self.worthwhile).count == Self.worthwhile, let draft = Draft(folder, name) else {
            return
        }
        var (index, bodies): ([UInt8], [UInt8]) = ([], [])
        var seen: Set<GitObjectID> = []
        for (blob, file) in files where file.canBeKept && seen.insert(blob).inserted {
            let start = bodies.count
            file.append(to: &bodies)
            index += blob.bytes
            Self.add(bodies.count - start, to: &index)
        }
        var bytes = Self.magic + program + [UInt8](repeating: 0, count: Self.digestSize)
        bytes.reserveCapacity(bytes.count + 4 + index.count + bodies.count)
        Self.add(index.count / Self.entrySize, to: &bytes)
        bytes += index
        bytes += bodies
        bytes.replaceSubrange((Self.headerSize - Self.digestSize)..<Self.headerSize, with: Self.digest(bytes))
        draft.finish(bytes)
    }

    private static func add(_ number: Int, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(clamping: number).littleEndian) { bytes.append(contentsOf: $0) }
    }

    // MARK: Files

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { SHA256Digest(of: UnsafeRawBufferPointer(rebasing: $0[headerSize...])).bytes }
    }

    /// Which build of which program this is, by its file.
    private static let program: [UInt8]? = {
        var info = stat()
        guard stat("/proc/self/exe", &info) == 0 else { return nil }
        return SHA256Digest(of: Array("\(info.st_dev) \(info.st_ino) \(info.st_size) \(info.st_mtim.tv_sec) \(info.st_mtim.tv_nsec)".utf8))
            .bytes
    }()

    private func read() -> [UInt8]? {
        guard let directory = OwnFolder(folder, isMade: false) else { return nil }
        // Not to be waited for, whatever it is.
        let file = openat(directory.descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG, OwnFolder.isOwn(info), info.st_size < 1 << 31 else { return nil }
        let size = Int(info.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(file, buffer.baseAddress?.advanced(by: count), size - count)
                if got < 0, errno == EINTR { continue }
                if got <= 0 { return }
                count += got
            }
        }
        return bytes.count == size ? bytes : nil
    }
}

/// A folder that nobody else can write into.
private final class OwnFolder {
    let descriptor: Int32

    /// Nil where it is not there, a link, or not only this user's.
    init?(_ path: String, isMade: Bool) {
        if isMade { mkdir(path, 0o700) }
        let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        var info = stat()
        guard opened >= 0, fstat(opened, &info) == 0, Self.isOwn(info) else {
            if opened >= 0 { close(opened) }
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    static func isOwn(_ info: stat) -> Bool { info.st_uid == geteuid() && info.st_mode & 0o022 == 0 }
}

/// The next file of a store, written by one process at a time.
private final class Draft {
    private let folder: OwnFolder
    private let name: String
    private let file: Int32
    private var draft: String { name + ".new" }

    init?(_ path: String, _ name: String) {
        guard let folder = OwnFolder(path, isMade: true) else { return nil }
        // What a process that was killed has left is written over.
        let opened = openat(folder.descriptor, name + ".new", O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard opened >= 0 else { return nil }
        var (own, named) = (stat(), stat())
        // It may have been renamed by the process that had it locked.
        guard flock(opened, LOCK_EX | LOCK_NB) == 0, fstat(opened, &own) == 0, own.st_mode & S_IFMT == S_IFREG, OwnFolder.isOwn(own),
            fstatat(folder.descriptor, name + ".new", &named, AT_SYMLINK_NOFOLLOW) == 0, named.st_ino == own.st_ino,
            ftruncate(opened, 0) == 0
        else {
            close(opened)
            return nil
        }
        (self.folder, self.name, file) = (folder, name, opened)
    }

    deinit { close(file) }

    /// Writes it and puts it in place. Not forced to the disk: half a file has another digest.
    func finish(_ bytes: [UInt8]) {
        let isWhole = (try? WholeFile.write(bytes, to: file, name, isLasting: false)) != nil
        if !isWhole || renameat(folder.descriptor, draft, folder.descriptor, name) != 0 {
            unlinkat(folder.descriptor, draft, 0)
        }
    }
}
