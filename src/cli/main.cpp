// The program `lanewise`. Exit codes: 0 done, 1 out of memory, 2 bad input or output that cannot be written,
// 3 nothing finite found, 130 interrupted.
#include <fmt/format.h>

#include <CLI/Version.hpp>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "arguments.hpp"
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
}

void flush_stdout() {
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to stdout");
}

/// The user ended the program while it was writing; nothing of it is kept.
struct Interrupted {};

/// A place for output, opened before the work so that a bad one fails at once.
class Output {
  public:
    explicit Output(const std::string& target)
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

std::vector<std::uint64_t> spread_start_ids(std::uint64_t wanted, std::uint64_t runs) {
    std::vector<std::uint64_t> ids(std::min(wanted, runs));
    for (std::uint64_t i = 0; i < ids.size(); ++i) ids[i] = i * runs / ids.size();
    return ids;
}

void write_trace(Output& output, const Objective& objective, const Box& box, const Options& options,
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

int run(Minimize& arguments) {
    const Box box = arguments.problem.box();
    const std::string text = arguments.problem.text();
    const Parameters parameters = parse_parameters(arguments.problem.parameters);
    const Expression objective(text, box, parameters);
    Options& options = arguments.options;
    if (arguments.starts_file) {
        const auto points = parse_starts_csv(read_file(*arguments.starts_file), box);
        options.start_points.insert(options.start_points.end(), points.begin(), points.end());
    }
    if (arguments.trace_runs && !arguments.trace)
        throw std::invalid_argument("trace-runs: there is no trace without --trace FILE");
    if (arguments.trace && arguments.json == arguments.trace)
        throw std::invalid_argument(fmt::format("trace '{}': the JSON goes there", *arguments.trace));
    if (arguments.trace == "-") throw std::invalid_argument("trace '-': must be a file");
    validate(objective, box, options);
    if (arguments.check_gradient) check_gradient(objective, box, options, arguments.quiet);
    std::unique_ptr<Output> json = arguments.json ? std::make_unique<Output>(*arguments.json) : nullptr;
    std::unique_ptr<Output> trace = arguments.trace ? std::make_unique<Output>(*arguments.trace) : nullptr;

    ProgressLine line;
    const bool wants_progress =
        arguments.progress == "always" || (arguments.progress == "auto" && line.on_terminal());
    if (wants_progress && !arguments.quiet)
        options.progress = [&line](const Progress& progress) { line(progress); };
    options.stop = [] { return interrupt_seen != 0; };
    watch_for_interrupts();
    const Result result = minimize(objective, box, options);
    line.finish();

    if (json) {
        json->write(to_json(result, box, options, text, parameters));
        json->commit();
    }
    if (arguments.json != "-") fmt::print("{}", to_table(result, box));
    flush_stdout();
    if (trace && result.status == SearchStatus::interrupted) {
        fmt::print(stderr, "lanewise: interrupted: the trace is not written\n");
    } else if (trace) {
        constexpr std::uint64_t default_trace_runs = 16;
        const auto ids =
            spread_start_ids(arguments.trace_runs.value_or(default_trace_runs), result.runs_started());
        write_trace(*trace, objective, box, options, ids, result.iterations);
    }
    return result.status == SearchStatus::interrupted ? interrupted : done;
}

int run(const Evaluate& arguments) {
    const Box box = arguments.problem.box();
    const Expression objective(arguments.problem.text(), box, parse_parameters(arguments.problem.parameters));
    const std::vector<double> x = parse_point("at", arguments.at);
    if (x.size() != box.dimension())
        throw std::invalid_argument(
            fmt::format("at '{}': {} coordinates; the box has {}", arguments.at, x.size(), box.dimension()));
    const Isa isa = choose_isa(arguments.isa);
    std::unique_ptr<Output> json = arguments.json ? std::make_unique<Output>(*arguments.json) : nullptr;

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
    if (arguments.json != "-") {
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

int run(Command& command) {
    switch (command.kind) {
        case Command::Kind::minimize: return run(command.minimize);
        case Command::Kind::evaluate: return run(command.evaluate);
        case Command::Kind::info: return run_info();
        case Command::Kind::done: break;
    }
    return done;
}

}  // namespace

}  // namespace lanewise::cli

int main(int argc, char** argv) {
    using namespace lanewise::cli;
    try {
        Command command = parse_command(argc, argv);
        const int code = run(command);
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
