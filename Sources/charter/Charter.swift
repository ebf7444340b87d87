import ArgumentParser
import PolicyCompiler

@main
struct Charter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "charter",
        abstract: "Governance as code for organisations that use large language models.",
        discussion: """
            Users, roles, teams, budgets and policies are YAML in a git repository. Charter compiles them into a bundle, keeps a Postgres \
            equal to them, and answers whether a request is allowed.

            Exit codes: 0 good · 1 the input is at fault · 2 changes or drift found, where --detailed-exitcode asked · 64 usage · \
            70 internal · 75 try again (database or network).
            """,
        version: PolicyCompiler.version,
        subcommands: [
            InitCommand.self, UpCommand.self, FleetCommand.self, ValidateCommand.self, ExplainCommand.self, TestCommand.self,
            PlanCommand.self,
            ImpactCommand.self,
            CompileCommand.self, VerifyCommand.self, InspectCommand.self, DecideCommand.self, QueryCommand.self, ReconcileCommand.self,
            RollbackCommand.self, SuspendCommand.self, ResumeCommand.self, StatusCommand.self, EventsCommand.self, DriftCommand.self,
            HistoryCommand.self, ProtectionsCommand.self, ServeCommand.self, KeysCommand.self, APIKeysCommand.self, CelCommand.self,
            BenchCommand.self, SchemasCommand.self, FetchMirrorCommand.self,
        ])
}
