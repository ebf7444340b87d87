import Digest
import Git
import Glibc

/// The parsed files of a repository's last version, kept in its git folder so that the next process need not parse them again.
///
/// One file, `charter/parsed`: 8 bytes that tell what it is, who has written it, the SHA-256 of what follows, and then the blobs' ids with their
/// places, and what each came to. Another build of the program, and one that finds the digest wrong, leave it alone and parse: it holds
/// nothing that the repository does not, and may be deleted at any time.
struct ParsedFileStore {
    private static let magic = Array("CHPARSE1".utf8)
    private static let digestSize = 32
    private static let headerSize = magic.count + 2 * digestSize
    /// Fewer new files than this are parsed in less time than the store takes to be read or written.
    static let worthwhile = 256

    private let folder: String
    private var path: String { folder + "/parsed" }

    init(_ repository: GitRepository) { folder = repository.gitDirectory + "/charter" }

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
        guard let program = Self.program, let bytes = Self.read(path), bytes.count >= Self.headerSize + 4,
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

    /// Replaces what was kept. Where that is not possible (the disk is full, the folder is somebody else's) nothing is kept, and nothing lost.
    func keep(_ files: some Sequence<(blob: GitObjectID, file: ParsedFile)>) {
        guard let program = Self.program else { return }
        var (index, bodies): ([UInt8], [UInt8]) = ([], [])
        var seen: Set<GitObjectID> = []
        for (blob, file) in files where seen.insert(blob).inserted {
            let start = bodies.count
            guard file.append(to: &bodies) else { continue }
            index += blob.bytes
            Self.add(bodies.count - start, to: &index)
        }
        var bytes = Self.magic + program + [UInt8](repeating: 0, count: Self.digestSize)
        bytes.reserveCapacity(bytes.count + 4 + index.count + bodies.count)
        Self.add(index.count / Self.entrySize, to: &bytes)
        bytes += index
        bytes += bodies
        bytes.replaceSubrange((Self.headerSize - Self.digestSize)..<Self.headerSize, with: Self.digest(bytes))
        mkdir(folder, 0o700)
        Self.write(bytes, path)
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

    private static func read(_ path: String) -> [UInt8]? {
        // Of somebody else, it may be made to mislead.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_uid == geteuid(), info.st_size < 1 << 31 else {
            return nil
        }
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

    private static func write(_ bytes: [UInt8], _ path: String) {
        let new = "\(path).\(getpid()).new"
        unlink(new)
        let file = open(new, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { break }
            written += count
        }
        close(file)
        // Not forced to the disk: half a file has another digest.
        if written < bytes.count || rename(new, path) != 0 { unlink(new) }
    }
}
