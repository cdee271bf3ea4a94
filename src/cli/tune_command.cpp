#include "tune_command.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "console.hpp"
#include "exit_codes.hpp"
#include "keeping.hpp"
#include "outputs.hpp"
#include "progress.hpp"
#include "signals.hpp"

namespace lanewise::cli {

namespace {

/// How to search with the best setting.
std::string use_of(const Tuning& tuning, const Problem& problem) {
    const std::string what = problem.file.empty() ? "..." : problem.file.string();
    return fmt::format("use    lanewise minimize {} {}\n", what,
                       to_flags(tuning.settings.front().setting, tuning.tune_options));
}

}  // namespace

int run_tune(const Command& command) {
    const Problem& problem = command.problem;
    const Output& output = problem.output;
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    Options options = problem.search_options(box);
    require_distinct({{"json", output.json}, {"csv", command.csv}}, inputs_of(problem));
    watch_for_signals();
    const std::unique_ptr<Sink> json = open_sink(output.json);
    const std::unique_ptr<Sink> csv = open_sink(command.csv);

    ProgressLine line;
    if (line.is_wanted(output)) options.progress = [&line](const Progress& progress) { line(progress); };
    options.stop = [] { return signal_seen() != 0; };
    const Tuning tuning = tune(objective, box, options, problem.tune);
    line.finish();

    if (output.json != "-" && command.csv != "-") say(to_table(tuning, box) + use_of(tuning, problem));
    flush_stdout();
    Attempts attempt;
    const Formula& formula = *objective.formula();
    if (json) {
        attempt([&] {
            write_whole(*json, to_json(tuning, box, options, formula.expression, formula.parameters));
        });
    }
    if (csv) attempt([&] { write_whole(*csv, to_csv(tuning)); });
    if (!attempt.all_succeeded()) return bad_input;
    return tuning.status == SearchStatus::interrupted ? exit_code_of_signal() : done;
}

}  // namespace lanewise::cli
