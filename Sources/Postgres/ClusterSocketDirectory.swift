import FoundationEssentials
import Glibc

/// The folder of the server's socket. Only the server's user can enter it, and that is all the authentication there is.
enum ClusterSocketDirectory {
    /// Makes the folder for a start: inside the cluster's home, or where that path is no good for a socket, a fresh one under /tmp.
    static func prepare(_ placement: ClusterPlacement, account: ServerAccount) throws(PrivateClusterError) -> String {
        remove(placement)
        let usual = placement.home + "/socket"
        // libpq takes a comma for the end of a host.
        if "\(usual)/\(ClusterPlacement.socketName)".utf8.count <= ClusterPlacement.longestSocketPath, !usual.contains(",") {
            try ClusterPlacement.make(usual, mode: 0o700)
            guard chmod(usual, 0o700) == 0 else {
                throw .unusableDirectory(usual, reason: String(cString: strerror(errno)))
            }
            try account.take(usual)
            return usual
        }
        var template = "/tmp/charter-XXXXXX".utf8CString.map { $0 }
        // A fresh name each time: one that was recorded long ago may be somebody else's by now.
        guard mkdtemp(&template) != nil else {
            throw .unusableDirectory("/tmp", reason: "no socket directory can be made: \(String(cString: strerror(errno)))")
        }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try account.take(made)
        try ClusterPlacement.write(made + "\n", to: placement.socketPointer)
        return made
    }

    /// Removes a stopped server's socket and the folder under /tmp, if it had one.
    static func remove(_ placement: ClusterPlacement) {
        var folders = [placement.home + "/socket"]
        if let recorded = ClusterPlacement.read(placement.socketPointer)?.split(whereSeparator: \.isNewline).first,
            recorded.hasPrefix("/tmp/charter-"), !recorded.contains("..")
        {
            folders.append(String(recorded))
        }
        for folder in folders {
            for name in [ClusterPlacement.socketName, ClusterPlacement.socketName + ".lock"] { unlink(folder + "/" + name) }
            // Fails, rightly, where the folder holds anything else.
            rmdir(folder)
        }
        unlink(placement.socketPointer)
    }
}
