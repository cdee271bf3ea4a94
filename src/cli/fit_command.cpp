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

/// Refuses outputs of which one would overwrite another.
void check_outputs(const Problem& problem) {
    const Output& output = problem.output;
    if (output.every && !output.checkpoint)
        throw std::invalid_argument("every: there is no checkpoint without --checkpoint FILE");
    if (output.checkpoint) require_regular("checkpoint", *output.checkpoint);
    std::vector<NamedFile> inputs = inputs_of(problem);
    require_one_reader_of_stdin(inputs);
    if (!goes_on_in_same_file(output)) inputs.push_back({"saved state", output.resume});
    require_distinct({{"out", problem.fitting.out},
                      {"json", output.json},
                      {"predictions", target_of_predictions(problem.fitting)},
                      {"checkpoint", output.checkpoint}},
                     inputs);
}

/// Refuses options of fits that do not go together.
void check_fit(const Problem& problem) {
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
    if (fitting.part && !fitting.predict_file.empty())
        throw std::invalid_argument(
            "part: a part has no predictions; --predict is for the fit of all problems, without --part");
    if (fitting.covariance && !fitting.out)
        throw std::invalid_argument(
            "covariance: there is no CSV of fits without --out FILE; JSON has it in any case");
    check_outputs(problem);
}

/// Refuses options of a search that many problems do not have.
void check_options_of_many(const Problem& problem) {
    std::vector<std::string_view> known = fit_flag_names();
    known.insert(known.end(), {"maximize", "minima"});
    for (const std::string& option : problem.options_set) {
        if (std::ranges::find(known, option) == known.end())
            throw std::invalid_argument(fmt::format(
                "{}: is for a search of one problem; group and problems make many, which do not have it",
                option));
    }
}

/// The problems to work on, if there is a part its own. All are checked, so that what is wrong with one is
/// refused in every part.
Problems chosen(const Problems& problems, const Box& box, const std::optional<Part>& part) {
    if (!part) return problems;
    validate(problems, box);
    return part_of(problems, *part);
}

/// What writing would refuse, before the work: a name that two columns would have.
void check_columns(FitsOf of, const std::optional<FitInput>& rows, const Fitting& fitting) {
    of.part.reset();
    if (fitting.out) with_file(*fitting.out, [&] { to_csv(Fits{}, of, fitting.covariance); });
    if (!rows) return;
    FitInput without_rows;
    for (const Column& column : rows->columns) without_rows.columns.push_back({column.name, {}});
    with_file("predictions", [&] { to_csv(Prediction{}, without_rows, fitting.group); });
}

void check_columns(EndsOf of, const Fitting& fitting) {
    of.part.reset();
    if (fitting.out) with_file(*fitting.out, [&] { to_csv(ProblemEnds{}, of); });
}

template <class Found>
std::size_t count(const Found& found, FitStatus status) {
    return static_cast<std::size_t>(std::ranges::count(found.status, status));
}

/// \throws NothingFinite when there is no problem of which anything is known.
template <class Found>
void require_any(const Found& found, std::string_view nothing, std::string_view of) {
    const auto is_known = [](double x) { return !std::isnan(x); };
    if (std::ranges::any_of(found.x, is_known)) return;
    std::vector<std::string> reasons;
    const auto add = [&](FitStatus status, std::string reason) {
        const std::size_t problems = count(found, status);
        if (problems == found.count()) {
            reasons.push_back(std::move(reason));
        } else if (problems != 0) {
            reasons.push_back(fmt::format("{} (in {} of {} problems)", reason, problems, found.count()));
        }
    };
    if (found.count() == 0) throw NothingFinite(fmt::format("{}: there is no problem", nothing));
    add(FitStatus::no_rows, "there is no row without a missing value");
    add(FitStatus::no_value,
        fmt::format("at no start has the {} a finite value and derivatives with these rows", of));
    add(FitStatus::stopped, "it was stopped before anything was known");
    throw NothingFinite(fmt::format("{}: {}", nothing, fmt::join(reasons, "; ")));
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

/// How the work on problems is watched, and where what was found goes. Made before the work.
class ManyProblems {
  public:
    /// What cannot be read or written fails here.
    explicit ManyProblems(const Problem& problem) : problem_(&problem), state_(read_state(problem.output)) {
        watch_for_signals();
        out_ = open_sink(problem.fitting.out);
        json_ = open_sink(problem.output.json);
        predictions_ = open_sink(target_of_predictions(problem.fitting));
    }

    /// What `act(options)` finds.
    template <class Act>
    auto work(Act act) const {
        const Output& output = problem_->output;
        FitOptions options = problem_->fitting.options;
        ProgressLine line;
        if (output.checkpoint) options.checkpoint = write_checkpoints(*output.checkpoint, line);
        if (line.is_wanted(output))
            options.progress = [&line](const FitProgress& progress) { line(progress); };
        options.stop = [] { return signal_seen() != 0; };
        if (state_) options.resume = *state_;
        return with_problem_file(*problem_, [&] { return act(options); });
    }

    /// Texts are made when there is a place for them. The exit code.
    template <class Found, class Of, class Csv, class Predicted>
    int tell(const Found& found, const Of& of, Csv csv, Predicted predicted) const {
        if (problem_->fitting.out != "-" && problem_->output.json != "-" &&
            target_of_predictions(problem_->fitting) != "-")
            say(to_table(found, of));
        flush_stdout();
        Attempts attempt;
        if (out_) attempt([&] { write_whole(*out_, csv()); });
        if (json_) attempt([&] { write_whole(*json_, to_json(found, of)); });
        if (predictions_) attempt([&] { write_whole(*predictions_, predicted()); });
        if (!attempt.all_succeeded()) return bad_input;
        return signal_seen() != 0 && count(found, FitStatus::stopped) != 0 ? exit_code_of_signal() : done;
    }

  private:
    const Problem* problem_;
    std::optional<std::string> state_;
    std::unique_ptr<Sink> out_, json_, predictions_;
};

}  // namespace

int run_fit(const Problem& problem) {
    check_fit(problem);
    const Fitting& fitting = problem.fitting;
    const Box box = problem.box();
    const Model model = problem.model();
    const FitInput input = problem.fit_input(model, box);
    const Problems problems = input.problems();
    std::optional<FitInput> rows;
    if (!fitting.predict_file.empty()) rows = problem.prediction_input(model, box, input);
    const FitsOf of{.model = model,
                    .box = box,
                    .problems = problems,
                    .options = fitting.options,
                    .group = fitting.group,
                    .keys = input.keys,
                    .confidence = fitting.confidence,
                    .part = fitting.part};
    const Problems worked_on = chosen(problems, box, fitting.part);
    check_columns(of, rows, fitting);
    const ManyProblems many(problem);
    const Fits fits =
        many.work([&](const FitOptions& options) { return fit(model, box, worked_on, options); });
    if (!fitting.part) require_any(fits, "nothing was fitted", "model");
    return many.tell(
        fits, of, [&] { return to_csv(fits, of, fitting.covariance); },
        [&] {
            const Prediction prediction =
                predict(model, box, rows->problems(), fits, fitting.confidence, fitting.options);
            return to_csv(prediction, *rows, fitting.group);
        });
}

int run_minimize_problems(const Problem& given) {
    check_options_of_many(given);
    Problem problem = given;  // without what fits alone have
    problem.fitting.predict_file.clear();
    problem.fitting.predictions.reset();
    check_outputs(problem);
    const Fitting& fitting = problem.fitting;
    const Box box = problem.box();
    const ProblemsObjective objective = problem.problems_objective();
    const FitInput input =
        problem.fit_input({.formula = objective.expression, .parameters = objective.parameters}, box);
    const Problems problems = input.problems();
    const EndsOf of{.objective = objective,
                    .box = box,
                    .problems = problems,
                    .options = fitting.options,
                    .group = fitting.group,
                    .keys = input.keys,
                    .part = fitting.part};
    const Problems worked_on = chosen(problems, box, fitting.part);
    check_columns(of, fitting);
    const std::size_t minima = problem.options_set.contains("minima") ? problem.options.most_minima : 0;
    const ManyProblems many(problem);
    const ProblemEnds ends = many.work([&](const FitOptions& options) {
        return minimize_problems(objective, box, worked_on, options, minima);
    });
    if (!fitting.part) require_any(ends, "nothing was found", "expression");
    return many.tell(
        ends, of, [&] { return to_csv(ends, of); }, [] { return std::string(); });
}

}  // namespace lanewise::cli
