#include "fit_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "console.hpp"
#include "exit_codes.hpp"
#include "keeping.hpp"
#include "outputs.hpp"
#include "progress.hpp"
#include "signals.hpp"

namespace lanewise::cli {

namespace {

/// Where predictions go: stdout unless something else is said.
std::optional<std::string> target_of_predictions(const Fitting& fitting) {
    if (fitting.predict_file.empty()) return {};
    return fitting.predictions.value_or("-");
}

/// Refuses options that do not go together, and outputs of which one would overwrite another.
void check(const Problem& problem) {
    const Output& output = problem.output;
    const Fitting& fitting = problem.fitting;
    if (fitting.model.response.empty())
        throw std::invalid_argument("response: what the model is fitted to is needed, --response y");
    if (!fitting.model.sigma.empty() && !fitting.model.weights.empty())
        throw std::invalid_argument(
            fmt::format("weights '{}': there is sigma '{}', too; one of the two is enough",
                        fitting.model.weights, fitting.model.sigma));
    if (problem.data_file.empty())
        throw std::invalid_argument("data: a file with the rows to fit is needed, --data FILE.csv");
    if (fitting.predictions && fitting.predict_file.empty())
        throw std::invalid_argument("predictions: there are none without --predict FILE");
    if (fitting.covariance && !fitting.out)
        throw std::invalid_argument(
            "covariance: there is no CSV of fits without --out FILE; JSON has it in any case");
    if (output.every && !output.checkpoint)
        throw std::invalid_argument("every: there is no checkpoint without --checkpoint FILE");
    if (output.checkpoint) require_regular("checkpoint", *output.checkpoint);
    std::vector<NamedFile> inputs = inputs_of(problem);
    require_one_reader_of_stdin(inputs);
    if (!goes_on_in_same_file(output)) inputs.push_back({"saved state", output.resume});
    require_distinct({{"out", fitting.out},
                      {"json", output.json},
                      {"predictions", target_of_predictions(fitting)},
                      {"checkpoint", output.checkpoint}},
                     inputs);
}

/// What writing would refuse, before the work: a name that two columns would have.
void check_columns(const FitsOf& of, const std::optional<FitInput>& rows, const Fitting& fitting) {
    if (fitting.out) with_file(*fitting.out, [&] { to_csv(Fits{}, of, fitting.covariance); });
    if (!rows) return;
    FitInput without_rows;
    for (const Column& column : rows->columns) without_rows.columns.push_back({column.name, {}});
    with_file("predictions", [&] { to_csv(Prediction{}, without_rows, fitting.group); });
}

std::size_t count(const Fits& fits, FitStatus status) {
    return static_cast<std::size_t>(std::ranges::count(fits.status, status));
}

/// \throws NothingFinite when there is no problem of which anything is known.
void require_any(const Fits& fits) {
    const auto is_known = [](double x) { return !std::isnan(x); };
    if (std::ranges::any_of(fits.x, is_known)) return;
    std::vector<std::string> reasons;
    const auto add = [&](FitStatus status, std::string_view reason) {
        const std::size_t problems = count(fits, status);
        if (problems == fits.count()) {
            reasons.emplace_back(reason);
        } else if (problems != 0) {
            reasons.push_back(fmt::format("{} (in {} of {} problems)", reason, problems, fits.count()));
        }
    };
    add(FitStatus::no_rows, "there is no row without a missing value");
    add(FitStatus::no_value, "value and derivatives of the model are not finite at any start");
    add(FitStatus::stopped, "it was stopped before anything was known");
    throw NothingFinite(fmt::format("nothing was fitted: {}", fmt::join(reasons, "; ")));
}

/// Tells of the file that an error in a formula is in.
template <class Act>
auto with_problem_file(const Problem& problem, Act act) {
    try {
        return act();
    } catch (const ParseError& error) {
        if (problem.file.empty()) throw;
        throw std::invalid_argument(fmt::format("{}: {}", problem.file.string(), error.what()));
    }
}

}  // namespace

int run_fit(const Problem& problem) {
    check(problem);
    const Output& output = problem.output;
    const Fitting& fitting = problem.fitting;
    const Box box = problem.box();
    const Model model = problem.model();
    const FitInput input = problem.fit_input(model, box);
    const Problems problems = input.problems();
    std::optional<FitInput> rows;
    if (!fitting.predict_file.empty()) rows = problem.prediction_input(model, box, input);
    FitOptions options = fitting.options;
    const FitsOf of{.model = model,
                    .box = box,
                    .problems = problems,
                    .options = options,
                    .group = fitting.group,
                    .keys = input.keys,
                    .confidence = fitting.confidence};
    check_columns(of, rows, fitting);
    const std::optional<std::string> state = read_state(output);
    watch_for_signals();
    const std::unique_ptr<Sink> out = open_sink(fitting.out);
    const std::unique_ptr<Sink> json = open_sink(output.json);
    const std::unique_ptr<Sink> predictions = open_sink(target_of_predictions(fitting));

    ProgressLine line;
    if (output.checkpoint) options.checkpoint = write_checkpoints(*output.checkpoint, line);
    if (line.is_wanted(output)) options.progress = [&line](const FitProgress& progress) { line(progress); };
    options.stop = [] { return signal_seen() != 0; };
    if (state) options.resume = *state;
    const Fits fits = with_problem_file(problem, [&] { return fit(model, box, problems, options); });
    line.finish();
    require_any(fits);

    const bool stdout_is_taken =
        fitting.out == "-" || output.json == "-" || target_of_predictions(fitting) == "-";
    if (!stdout_is_taken) say(to_table(fits, of));
    flush_stdout();
    Attempts attempt;
    if (out) attempt([&] { write_whole(*out, to_csv(fits, of, fitting.covariance)); });
    if (json) attempt([&] { write_whole(*json, to_json(fits, of)); });
    if (predictions) {
        attempt([&] {
            const Prediction prediction =
                predict(model, box, rows->problems(), fits, fitting.confidence, fitting.options);
            write_whole(*predictions, to_csv(prediction, *rows, fitting.group));
        });
    }
    if (!attempt.all_succeeded()) return bad_input;
    return signal_seen() != 0 && count(fits, FitStatus::stopped) != 0 ? exit_code_of_signal() : done;
}

}  // namespace lanewise::cli
