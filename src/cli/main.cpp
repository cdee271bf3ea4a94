// The program `lanewise`. Exit codes: 0 done, 1 out of memory, 2 bad input or output that cannot be written,
// 3 nothing finite found, 130 interrupted.
#include <fmt/format.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <CLI/Version.hpp>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "arguments.hpp"
#include "points.hpp"
#include "profile_report.hpp"
#include "progress.hpp"

namespace lanewise::cli {

namespace {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int bad_input = 2;
constexpr int nothing_finite = 3;
constexpr int interrupted = 130;

volatile std::sig_atomic_t interrupt_seen = 0;

/// The first Ctrl-C ends the search; the second ends the program.
void watch_for_interrupts() {
    struct sigaction action {};
    action.sa_handler = [](int /*signal*/) { interrupt_seen = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error like any other
}

void flush_stdout() {
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to stdout");
}

/// The user ended the program while it was writing; nothing of it is kept.
struct Interrupted {};

/// A place for output, opened before the work so that a bad one fails at once.
class Sink {
  public:
    explicit Sink(const std::string& target)
        : file_(target == "-" ? nullptr : std::make_unique<WholeFile>(target)) {}

    void write(std::string_view text) {
        if (file_) {
            file_->write(text);
        } else {
            fmt::print("{}", text);
        }
    }

    void commit() {
        if (file_) {
            file_->commit();
        } else {
            flush_stdout();
        }
    }

  private:
    std::unique_ptr<WholeFile> file_;
};

std::unique_ptr<Sink> open_sink(const std::optional<std::string>& target) {
    return target ? std::make_unique<Sink>(*target) : nullptr;
}

std::vector<std::uint64_t> spread_start_ids(std::uint64_t wanted, std::uint64_t runs) {
    std::vector<std::uint64_t> ids(std::min(wanted, runs));
    for (std::uint64_t i = 0; i < ids.size(); ++i) ids[i] = i * runs / ids.size();
    return ids;
}

void write_trace(Sink& output, const Objective& objective, const Box& box, const Options& options,
                 const std::vector<std::uint64_t>& start_ids, std::size_t iterations) {
    std::string header = "start_id,iteration,f";
    for (std::size_t j = 0; j < box.dimension(); ++j) header += fmt::format(",{}", box.coordinate_name(j));
    output.write(header + "\n");
    visit_paths(objective, box, options, start_ids, iterations, [&](const PathPoint& point) {
        if (interrupt_seen != 0) throw Interrupted();
        std::string line = fmt::format("{},{},{}", point.start_id, point.iteration, to_text(point.f));
        for (const double x : point.x) line += fmt::format(",{}", to_text(x));
        output.write(line + "\n");
    });
    output.commit();
}

/// \throws std::invalid_argument when the gradient is not the derivative of the value.
void check_gradient(const Objective& objective, const Box& box, const Options& options, bool quiet) {
    const GradientCheck check =
        lanewise::check_gradient(objective, box, {.seed = options.seed, .isa = options.isa});
    const std::string verdict = to_text(check, box);
    if (!check.passed) throw std::invalid_argument(verdict);
    if (!quiet) fmt::print(stderr, "lanewise: {}\n", verdict);
}

/// Writes each state over the one before it. One that cannot be written does not end the search: the file
/// keeps the last that could.
std::function<void(std::string_view)> write_checkpoints(const std::string& file, ProgressLine& line) {
    const WholeFile fails_before_the_work(file);
    return [&line, file, told = false](std::string_view state) mutable {
        try {
            WholeFile whole(file);
            whole.write(state);
            whole.commit();
        } catch (const std::runtime_error& error) {
            if (std::exchange(told, true)) return;
            line.finish();
            fmt::print(stderr, "lanewise: {}; the search goes on\n", error.what());
        }
    };
}

/// The state to go on from, if any. Where the checkpoint goes to the same file there may be none yet.
std::optional<std::string> read_state(const Output& output) {
    if (!output.resume) return {};
    if (output.resume == output.checkpoint && !std::filesystem::exists(*output.resume)) {
        if (!output.quiet)
            fmt::print(stderr, "lanewise: there is no {} yet: the search begins\n", *output.resume);
        return {};
    }
    return read_file(*output.resume);
}

/// What is wrong with a state is told with the file it is from.
template <class Act>
auto with_file(const std::string& file, Act act) {
    try {
        return act();
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(fmt::format("{}: {}", file, error.what()));
    }
}

void write_result(Sink* json, const Output& output, const Result& result, const Box& box,
                  const Options& options, const Formula& formula) {
    if (json != nullptr) {
        json->write(to_json(result, box, options, formula.expression, formula.parameters));
        json->commit();
    }
    if (output.json != "-") fmt::print("{}", to_table(result, box));
    flush_stdout();
}

int run_minimize(const Command& command) {
    const Problem& problem = command.problem;
    const Output& output = problem.output;
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    if (output.dump_program) {
        fmt::print("{}", objective.dump());
        return done;
    }
    Options options = problem.search_options(box);
    if (output.trace_runs && !output.trace)
        throw std::invalid_argument("trace-runs: there is no trace without --trace FILE");
    if (output.trace && output.json == output.trace)
        throw std::invalid_argument(fmt::format("trace '{}': the JSON goes there", *output.trace));
    if (output.checkpoint && (output.checkpoint == output.json || output.checkpoint == output.trace))
        throw std::invalid_argument(
            fmt::format("checkpoint '{}': another output goes there", *output.checkpoint));
    validate(objective, box, options);
    if (output.check_gradient) check_gradient(objective, box, options, output.quiet);
    const std::optional<std::string> state = read_state(output);
    const std::unique_ptr<Sink> json = open_sink(output.json);
    const std::unique_ptr<Sink> trace = open_sink(output.trace);
    const std::unique_ptr<Sink> timeline = open_sink(command.timeline);

    ProgressLine line;
    if (output.checkpoint) options.checkpoint = write_checkpoints(*output.checkpoint, line);
    const bool wants_progress = output.progress == ShowProgress::always ||
                                (output.progress == ShowProgress::on_terminal && line.on_terminal());
    if (wants_progress && !output.quiet)
        options.progress = [&line](const Progress& progress) { line(progress); };
    Profile profile;
    if (command.kind == Command::Kind::profile)
        options.profile = [&profile](const Profile& told) { profile = told; };
    options.stop = [] { return interrupt_seen != 0; };
    watch_for_interrupts();
    const Result result =
        state ? with_file(*output.resume, [&] { return resume(*state, objective, box, options); })
              : minimize(objective, box, options);
    line.finish();

    write_result(json.get(), output, result, box, options, *objective.formula());
    if (options.profile)
        fmt::print(output.json == "-" || command.timeline == "-" ? stderr : stdout, "{}",
                   profile_report(profile, result, objective, options));
    if (timeline) {
        timeline->write(to_trace_json(profile));
        timeline->commit();
    }
    if (trace && result.status == SearchStatus::interrupted) {
        fmt::print(stderr, "lanewise: interrupted: the trace is not written\n");
    } else if (trace) {
        constexpr std::uint64_t default_trace_runs = 16;
        const auto ids =
            spread_start_ids(output.trace_runs.value_or(default_trace_runs), result.runs_started());
        const bool all_iterations =
            result.status == SearchStatus::completed || result.status == SearchStatus::covered;
        write_trace(*trace, objective, box, options, ids,
                    all_iterations ? options.iterations : result.iterations);
    }
    return result.status == SearchStatus::interrupted ? interrupted : done;
}

int run_minima(const std::string& file, const Flags& flags) {
    const std::string state = read_file(file);
    const SavedSearch saved = with_file(file, [&] { return read_saved(state); });
    if (!saved.formula)
        throw std::invalid_argument(
            fmt::format("{}: the objective is no formula; `lanewise minima` has to know its gradient", file));
    Problem problem{.options = saved.options};
    for (const auto& [name, text] : flags) set_option(problem, name, text);
    const Options& options = problem.options;
    const std::unique_ptr<Sink> json = open_sink(problem.output.json);

    const Expression objective(saved.formula->expression, saved.box, saved.formula->parameters);
    const Result result = saved_result(state, objective, options.same, options.most_minima);
    if (result.status == SearchStatus::interrupted)
        fmt::print(stderr, "lanewise: {}: this search has not ended; {} of {} starts have\n", file,
                   result.runs_started() - result.runs_with(RunStatus::stopped), result.runs_started());
    write_result(json.get(), problem.output, result, saved.box, options, *saved.formula);
    return done;
}

int run_evaluate_file(const Problem& problem, const std::string& file) {
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    const auto points = parse_starts_csv(read_file(file), box, fmt::format("at-file {}", file));
    const Isa isa = choose_isa(problem.options.isa);
    const std::unique_ptr<Sink> json = open_sink(problem.output.json);

    const std::vector<Evaluation> at = evaluate(objective, points, isa);
    require_any_finite(at);
    if (json) {
        json->write(points_json(points, at));
        json->commit();
    }
    if (problem.output.json != "-") fmt::print("{}", points_csv(box, points, at));
    return done;
}

int run_evaluate(const Problem& problem, const std::string& point) {
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    const std::vector<double> x = parse_point("at", point);
    if (x.size() != box.dimension())
        throw std::invalid_argument(
            fmt::format("at '{}': {} coordinates; the box has {}", point, x.size(), box.dimension()));
    const Isa isa = choose_isa(problem.options.isa);
    const std::unique_ptr<Sink> json = open_sink(problem.output.json);

    const Evaluation at = evaluate(objective, x, isa);
    if (!std::isfinite(at.f))
        throw NothingFinite(
            fmt::format("the value at this point is {}", std::isnan(at.f) ? "NaN" : to_text(at.f)));
    for (std::size_t j = 0; j < x.size(); ++j) {
        if (!std::isfinite(at.gradient[j]))
            throw NothingFinite(fmt::format("the derivative by {} at this point is {} (the value is {})",
                                            box.coordinate_name(j), at.gradient[j], to_text(at.f)));
    }
    if (json) {
        const nlohmann::ordered_json result = {{"f", at.f}, {"gradient", at.gradient}, {"x", x}};
        json->write(result.dump(2) + "\n");
        json->commit();
    }
    if (problem.output.json != "-") {
        fmt::print("f = {}\n", to_text(at.f));
        for (std::size_t j = 0; j < x.size(); ++j)
            fmt::print("df/d{} = {}\n", box.coordinate_name(j), to_text(at.gradient[j]));
    }
    return done;
}

int run_info() {
    fmt::print("lanewise {}\n", version());
    fmt::print("instruction sets:\n");
    const Isa chosen = choose_isa();
    for (const Isa isa : built_isas()) {
        fmt::print("  {:<8}{}{}\n", isa_name(isa),
                   isa_available(isa) ? "available" : "not supported by this processor",
                   isa == chosen ? ", used" : "");
    }
    fmt::print("threads: {}\n", std::thread::hardware_concurrency());
    fmt::print("built with:\n");
    for (const auto& [name, built_version] : dependencies()) fmt::print("  {:<15}{}\n", name, built_version);
    fmt::print("  {:<15}{}\n", "CLI11", CLI11_VERSION);
    return done;
}

int run(const Command& command) {
    switch (command.kind) {
        case Command::Kind::minimize:
        case Command::Kind::profile: return run_minimize(command);
        case Command::Kind::minima: return run_minima(command.checkpoint, command.flags);
        case Command::Kind::evaluate:
            return command.at ? run_evaluate(command.problem, *command.at)
                              : run_evaluate_file(command.problem, *command.at_file);
        case Command::Kind::info: return run_info();
        case Command::Kind::done: break;
    }
    return done;
}

}  // namespace

}  // namespace lanewise::cli

int main(int argc, char** argv) {
    using namespace lanewise::cli;
#if defined(__GLIBC__)
    // Large blocks go back to the system at once, the memory of small ones does not. Left to itself, glibc
    // comes to keep blocks of up to 32 MB, as chance has it.
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
    try {
        const int code = run(parse_command(argc, argv));
        flush_stdout();
        return code;
    } catch (const Interrupted&) {
        fmt::print(stderr, "lanewise: interrupted while writing the trace\n");
        return interrupted;
    } catch (const lanewise::NothingFinite& error) {
        fmt::print(stderr, "lanewise: {}\n", error.what());
        return interrupt_seen != 0 ? interrupted : nothing_finite;
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "lanewise: not enough memory for this search\n");
        return failed;
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "lanewise: {}\n", error.what());
        return bad_input;
    } catch (const std::exception& error) {
        fmt::print(stderr, "lanewise: {}\n", error.what());
        return bad_input;
    }
}
