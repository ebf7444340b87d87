import Foundation
import TestSupport

extension TestRepository {
    /// One without a work tree, which is there already.
    static func bare(_ path: String) throws -> TestRepository {
        guard FileManager.default.fileExists(atPath: path + "/HEAD") else { throw Failure("\(path) is no bare repository") }
        return TestRepository(existing: path)
    }

    /// Takes every object out of its pack, so that each is a file.
    func unpack() throws {
        let packs = path + "/objects/pack"
        for name in try FileManager.default.contentsOfDirectory(atPath: packs) where name.hasSuffix(".pack") {
            let aside = path + "/" + name
            try FileManager.default.moveItem(atPath: packs + "/" + name, toPath: aside)
            try? FileManager.default.removeItem(atPath: packs + "/" + name.dropLast(5) + ".idx")
            try git("unpack-objects", "-q", input: Data(contentsOf: URL(fileURLWithPath: aside)))
            try FileManager.default.removeItem(atPath: aside)
        }
    }

    /// The file of an object that lies by itself.
    func looseObject(_ id: String) -> String { "\(path)/objects/\(id.prefix(2))/\(id.dropFirst(2))" }
}
