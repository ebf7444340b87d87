import Foundation
import Glibc

/// Folders of a test's own.
package enum TemporaryFolder {
    /// Calls `body` with a new folder, which every user may pass through, and removes it, whatever came of it: first the Postgres servers
    /// that still run in it, then the files.
    package static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = try make()
        defer { remove(path) }
        return try body(path)
    }

    package static func make() throws -> String {
        var template = Array("/tmp/charter-thread-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("no temporary folder can be made: \(String(cString: strerror(errno)))") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        return path
    }

    package static func remove(_ path: String) {
        for entry in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? []
        where entry.hasSuffix("/postmaster.pid") {
            guard let postmaster = Postmaster(data: path + "/" + entry.dropLast("/postmaster.pid".count)) else { continue }
            kill(postmaster.process, SIGQUIT)
            _ = eventually { !postmaster.isAlive }
        }
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Something that a test needs and does not get.
package struct Failure: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Polls until `condition` holds; whether it does before the time is over, which only what is wrong needs.
package func eventually(within time: Duration = .seconds(300), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + time
    while true {
        if try condition() { return true }
        guard ContinuousClock.now < deadline else { return false }
        usleep(20_000)
    }
}
