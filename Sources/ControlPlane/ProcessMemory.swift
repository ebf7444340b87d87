import Glibc

/// The memory of this process.
public enum ProcessMemory {
    /// The most that was ever in use at once (getrusage(2), `ru_maxrss`).
    public static var mostResidentBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
