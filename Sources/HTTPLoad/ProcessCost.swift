import Glibc

/// What another process has cost so far, from `/proc` (proc(5)).
public struct ProcessCost: Sendable {
    /// Of user and system together.
    public var cpuSeconds: Double
    public var residentBytes: Int

    /// `nil` if there is no such process.
    public init?(of process: Int32) {
        guard let stat = Self.read("/proc/\(process)/stat"), let memory = Self.read("/proc/\(process)/statm") else { return nil }
        // The name, in brackets, may hold anything.
        guard let bracket = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[bracket...].split(separator: " ")
        let pages = memory.split(separator: " ")
        guard fields.count > 13, pages.count > 1, let user = Double(fields[12]), let system = Double(fields[13]),
            let resident = Int(pages[1])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = resident * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
