import Glibc

/// Runs gpgv on bytes in memory, and kills it if it takes too long.
enum GPGVProcess {
    struct Result {
        var exitCode: Int32
        /// The lines of `--status-fd`.
        var status: [UInt8]
        /// The last line for people.
        var complaint: String
    }

    private static let outputLimit = 256 << 10

    /// Standard input is the message, descriptor 3 the signature, standard output the status.
    static func run(
        _ program: String, _ arguments: [String], signature: [UInt8], message: [UInt8], seconds: Double
    ) throws(SignatureError) -> Result {
        var open: [Int32] = []
        defer { for descriptor in open { close(descriptor) } }
        func keep(_ descriptor: Int32) throws(SignatureError) -> Int32 {
            // Above the descriptors that the child is given, so that none of those is overwritten by another.
            let moved = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 10)
            if descriptor >= 0 { close(descriptor) }
            guard moved >= 0 else { throw failure("the system has no descriptor left", errno) }
            open.append(moved)
            return moved
        }
        let input = try keep(try memory(message))
        let signatureInput = try keep(try memory(signature))
        let errors = try keep(try memory([]))
        var ends: [Int32] = [-1, -1]
        // A pair of sockets and not a pipe, because it is closed in other children from the start.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw failure("no pair of sockets can be made", errno) }
        let output = try keep(ends[0])
        let childOutput = try keep(ends[1])

        let child = try spawn(program, arguments, [(input, 0), (childOutput, 1), (errors, 2), (signatureInput, 3)])
        // Once only the child holds the other end, what it says ends when it does.
        close(childOutput)
        open.removeLast()
        let status = read(output, until: ContinuousClock.now + .seconds(seconds))
        if status == nil { kill(child, SIGKILL) }
        var code: Int32 = 0
        while waitpid(child, &code, 0) < 0 {
            guard errno == EINTR else { throw failure("gpgv was lost", errno) }
        }
        guard let status else {
            throw SignatureError(.unavailable, "`\(program)` did not check the signature within \(Int(seconds)) seconds")
        }
        guard code & 0x7f == 0 else { throw SignatureError(.unavailable, "`\(program)` was killed by signal \(code & 0x7f)") }
        return Result(exitCode: code >> 8 & 0xff, status: status, complaint: lastLine(errors))
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ descriptors: [(from: Int32, to: Int32)]
    ) throws(SignatureError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in descriptors { posix_spawn_file_actions_adddup2(&actions, descriptor.from, descriptor.to) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A server blocks signals; its child must not.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        // Nothing of our own environment, which may hold secrets. What is told is told in English.
        let environment: [String] = ["LC_ALL=C", "PATH=/usr/bin:/bin"]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, &attributes, argv, envp)
        guard code == 0 else {
            if code == ENOENT {
                throw SignatureError(
                    .unavailable, "`\(program)` is not installed, and OpenPGP signatures cannot be checked without it; install gpgv")
            }
            throw failure("`\(program)` cannot be run", code)
        }
        return child
    }

    /// A file without a name that holds `bytes` and is read from its beginning.
    private static func memory(_ bytes: [UInt8]) throws(SignatureError) -> Int32 {
        let name = "/charter-\(UInt64.random(in: 0 ... .max))"
        // Closed in other children from the start.
        let file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard file >= 0 else { throw failure("no memory for gpgv", errno) }
        shm_unlink(name)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = errno
                close(file)
                throw failure("no memory for gpgv", reason)
            }
            rest = rest.dropFirst(count)
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    /// Everything up to the end; `nil` if there is no end in time, or too much.
    private static func read(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= outputLimit {
            let left = (deadline - ContinuousClock.now).components
            guard left.seconds >= 0, left.attoseconds >= 0 else { return nil }
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // In slices of a second at most: no length of time overflows.
            let milliseconds = left.seconds > 0 ? 1_000 : Int32(left.attoseconds / 1_000_000_000_000_000) + 1
            let ready = Glibc.poll(&poll, 1, milliseconds)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            guard ready > 0 else { return nil }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }

    private static func lastLine(_ file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let size = lseek(file, 0, SEEK_END)
        let count = pread(file, &bytes, bytes.count, max(0, size - bytes.count))
        guard count > 0 else { return "" }
        let text = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").last ?? ""
        let line = text.hasPrefix("gpgv: ") ? text.dropFirst(6) : text
        return String(line.prefix(200).filter { !$0.isASCII || ($0.asciiValue ?? 0) >= 0x20 })
    }

    private static func failure(_ what: String, _ code: Int32) -> SignatureError {
        SignatureError(.unavailable, "\(what): \(String(cString: strerror(code)))")
    }
}
