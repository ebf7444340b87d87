import FoundationEssentials
import Glibc

/// Postgres' programs on this machine.
struct ServerInstallation: Sendable {
    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    let binaries: String
    /// `15`, or `9.6` in the old way of counting.
    let majorVersion: String

    /// Every installation, the one to prefer first: `pg_config`'s, Debian's from the newest down, then PATH's.
    static func all() -> [ServerInstallation] {
        var folders: [String] = []
        if let asked = try? ChildProcess.run(["pg_config", "--bindir"]), asked.status == 0 { folders.append(asked.output) }
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        folders += versions.sorted { (Double($0) ?? 0) > (Double($1) ?? 0) }.map { "\(debian)/\($0)/bin" }
        folders += (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init)
        var seen: Set<String> = []
        return folders.filter { seen.insert($0).inserted }.compactMap(at)
    }

    func program(_ name: String) -> String { binaries + "/" + name }

    private static func at(_ folder: String) -> ServerInstallation? {
        let programs = ["initdb", "pg_ctl", "postgres"].map { folder + "/" + $0 }
        guard programs.allSatisfy({ access($0, X_OK) == 0 }) else { return nil }
        // `postgres (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)`
        guard let asked = try? ChildProcess.run([folder + "/postgres", "--version"]), asked.status == 0,
            let version = asked.output.firstMatch(of: #/\) (\d+)(\.\d+)?/#)
        else { return nil }
        let major = String(version.output.1)
        return ServerInstallation(
            binaries: folder, majorVersion: (Int(major) ?? 0) < 10 ? major + (version.output.2 ?? "") : major)
    }
}
