import ArgumentParser
import ControlPlane
import Foundation
import Starter

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Begin a governance repository: documents, their tests, and what editors and CI need to check them.",
        discussion: """
            No file that is there is overwritten: where there is one of those that are to be written, all of them are listed and nothing is written.

            In a git repository, what editors, pre-commit and CI look for is written to its root, and the documents to the folder that is named. \
            A folder in none becomes one.

            Exit codes: 0 written · 1 a file is there already, or one cannot be written.
            """)

    @Argument(help: "The folder for the documents; it need not be there.")
    var directory = "."

    @Option(name: .long, help: "The organisation's name, as people write it; that of the folder by default.")
    var name: String?

    @Option(name: .long, help: "The currency of prices and budgets.")
    var currency = "USD"

    @Option(name: .long, help: "Where changes are reviewed: github, gitlab or none.")
    var ci = StarterSettings.Review.github

    @Flag(name: .long, help: "Leave files that are there as they are, and write the others.")
    var keep = false

    @Flag(name: .customLong("no-git"), help: "Make no git repository.")
    var noGit = false

    @OptionGroup var format: FormatOption

    private var settings: StarterSettings {
        get throws(StarterSettings.Refusal) {
            let folder = URL(fileURLWithPath: directory, isDirectory: true).standardizedFileURL.lastPathComponent
            return try StarterSettings(title: name ?? folder, currency: currency, review: ci)
        }
    }

    func validate() throws {
        do throws(StarterSettings.Refusal) {
            _ = try settings
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        try Terminal.run {
            let settings = try settings
            let repository = try StarterRepository(directory, settings)
            try repository.write(keepsPresent: keep, makesRepository: !noGit)
            switch format.format {
            case .human: Terminal.print(StarterText(repository, settings, isNew: !noGit && !repository.isInRepository).text)
            case .json: Terminal.out(repository.json(isRepository: !noGit || repository.isInRepository))
            }
        }
    }
}

extension StarterSettings.Review: ExpressibleByArgument {}
