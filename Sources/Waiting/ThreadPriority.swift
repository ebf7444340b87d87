import Glibc

/// How much of the processor a thread gets where there is not enough of it.
public enum ThreadPriority {
    /// Has the calling thread wait for those who answer somebody. For good: raising it again takes more rights.
    public static func lower() {
        // On Linux, 0 is the calling thread, not its process (setpriority(2): C library/kernel differences).
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
