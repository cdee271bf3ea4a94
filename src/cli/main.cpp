// The program `lanewise`. Exit codes: 0 done, 1 out of memory, 2 bad input or output that cannot be written,
// 3 nothing finite found, 130, 143 and 129 ended by SIGINT, SIGTERM and SIGHUP.
#include <fmt/format.h>
#include <fmt/ranges.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <CLI/Version.hpp>
#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "arguments.hpp"
#include "console.hpp"
#include "exit_codes.hpp"
#include "fit_command.hpp"
#include "keeping.hpp"
#include "merge_command.hpp"
#include "outputs.hpp"
#include "points.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "tune_command.hpp"
#include "write_json.hpp"

namespace lanewise::cli {

namespace {

/// The user ended the program while it was writing; nothing of it is kept.
struct Interrupted {};

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
        if (signal_seen() != 0) throw Interrupted();
        std::string line = fmt::format("{},{},{}", point.start_id, point.iteration, to_text(point.f));
        for (const double x : point.x) line += fmt::format(",{}", to_text(x));
        output.write(line + "\n");
    });
    output.commit();
}

/// \throws std::invalid_argument when the gradient is not the derivative of the value.
void check_gradient(const Objective& objective, const Box& box, const Options& options, bool quiet) {
    const GradientCheck check = lanewise::check_gradient(
        objective, box, {.seed = options.seed, .isa = options.isa, .compile = options.jit != Jit::off});
    const std::string verdict = to_text(check, box);
    if (!check.passed) throw std::invalid_argument(verdict);
    if (!quiet) report("{}", verdict);
}

/// Whether the search is in parts that are all worked on here.
bool has_all_parts(const Options& options) {
    return options.parts > 0 && options.part == 0;
}

void check_parts(const Problem& problem) {
    const Options& options = problem.options;
    const Output& output = problem.output;
    if (options.part > 0 && !output.checkpoint)
        throw std::invalid_argument(fmt::format(
            "part {}/{}: --checkpoint FILE is needed, which keeps what the part finds for `lanewise merge`",
            options.part, options.parts));
    if (output.handed && options.part == 0)
        throw std::invalid_argument("handed: is for a part, --part NUMBER/PARTS");
    for (const auto& [option, folder] :
         {std::pair("checkpoint", output.checkpoint), std::pair("resume", output.resume)}) {
        if (has_all_parts(options) && folder && std::filesystem::exists(*folder) &&
            !std::filesystem::is_directory(*folder))
            throw std::invalid_argument(
                fmt::format("{} '{}': must be a folder, for the states of all parts", option, *folder));
    }
}

/// Whether there is a part of which all is known that merging asks for, be it that it found nothing.
bool is_part_done(const Problem& problem) {
    const std::optional<std::string>& file = problem.output.checkpoint;
    if (problem.options.part == 0 || !file || !std::filesystem::exists(*file)) return false;
    const std::optional<PartProgress> progress = part_of_state(read_file(*file));
    return progress && progress->is_done;
}

/// Refuses options that do not go together, and outputs of which one would overwrite another.
void check_outputs(const Command& command) {
    const Output& output = command.problem.output;
    if (output.trace_runs && !output.trace)
        throw std::invalid_argument("trace-runs: there is no trace without --trace FILE");
    if (output.trace && command.problem.options.rule.method == Method::lbfgs)
        throw std::invalid_argument("trace: only the steps of rules other than lbfgs can be followed");
    if (output.every && !output.checkpoint)
        throw std::invalid_argument("every: there is no checkpoint without --checkpoint FILE");
    check_parts(command.problem);
    if (output.checkpoint && !has_all_parts(command.problem.options))
        require_regular("checkpoint", *output.checkpoint);
    std::vector<NamedFile> inputs = inputs_of(command.problem);
    if (!goes_on_in_same_file(output)) inputs.push_back({"saved state", output.resume});
    require_distinct({{"json", output.json},
                      {"trace", output.trace},
                      {"timeline", command.timeline},
                      {"checkpoint", output.checkpoint}},
                     inputs);
}

/// Refuses options of many problems, where there is one.
void check_is_one(const Problem& problem) {
    if (problem.has_many())
        throw std::invalid_argument("profile: is of one problem; group and problems make many");
    for (const char* option : {"max-steps", "tolerance", "out"}) {
        if (problem.options_set.contains(option))
            throw std::invalid_argument(
                fmt::format("{}: is for many problems, --group or --problems", option));
    }
}

/// Tells of variables that may be meant to be on a log scale.
void tell_half_log(const Box& box) {
    std::vector<std::string> names;
    for (const Box::Place& place : box.variables()) {
        bool is_half_log = false;
        for (std::size_t j = place.offset; j < place.offset + place.size(); ++j)
            is_half_log = is_half_log || box.is_half_log(j);
        if (is_half_log) names.push_back(place.name);
    }
    if (names.empty()) return;
    report(
        "half of the starts of {} are drawn in the logarithm, for the bounds span more than six decades: end "
        "them with ' log' to search on a log scale, or with ' linear' to draw evenly",
        fmt::join(names, ", "));
}

int run_minimize(const Command& command) {
    const Problem& problem = command.problem;
    if (problem.has_many() && command.kind == Command::Kind::minimize) return run_minimize_problems(problem);
    check_is_one(problem);
    const Output& output = problem.output;
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    Options options = problem.search_options(box);
    if (output.dump_program != DumpProgram::off) {
        say(output.dump_program == DumpProgram::on
                ? objective.dump()
                : objective.assembly(choose_isa(options.isa), options.precision));
        return done;
    }
    if (std::getenv("LANEWISE_CXX") != nullptr && !output.quiet)
        report("LANEWISE_CXX has no effect any more: formulas are compiled without a compiler");
    check_outputs(command);
    if (output.handed) options.handed = read_file(*output.handed);
    validate(objective, box, options);
    if (!output.quiet) tell_half_log(box);
    if (output.check_gradient) check_gradient(objective, box, options, output.quiet);
    const bool is_in_parts = has_all_parts(options);
    const std::optional<std::string> state = is_in_parts ? std::nullopt : read_state(output);
    watch_for_signals();
    const std::unique_ptr<Sink> json = open_sink(output.json);
    const std::unique_ptr<Sink> trace = open_sink(output.trace);
    const std::unique_ptr<Sink> timeline = open_sink(command.timeline);

    ProgressLine line;
    if (output.checkpoint && !is_in_parts) options.checkpoint = write_checkpoints(*output.checkpoint, line);
    if (line.is_wanted(output)) options.progress = [&line](const Progress& progress) { line(progress); };
    Profile profile;
    if (command.kind == Command::Kind::profile)
        options.profile = [&profile](const Profile& told) { profile = told; };
    options.stop = [] { return signal_seen() != 0; };
    const auto work = [&] {
        if (is_in_parts)
            return minimize_parts(objective, box, options, keep_parts(output, options.parts, line));
        if (state) return with_file(*output.resume, [&] { return resume(*state, objective, box, options); });
        return minimize(objective, box, options);
    };
    std::optional<Result> found;
    try {
        found = work();
    } catch (const NothingFinite& error) {
        if (!is_part_done(problem)) throw;
        line.finish();
        report("{}; the part is done", error.what());
        return done;
    }
    Result& result = *found;
    line.finish();

    const bool out_of_memory = result.status == SearchStatus::out_of_memory;
    if (out_of_memory) report("not enough memory to go on; this is what was found so far");
    if (!result.best.finished && result.status != SearchStatus::target && !output.quiet)
        report("the best point is no minimum: nothing has come to its end there");
    if (output.json != "-") say(to_table(result, box));
    if (options.profile) {
        const std::string text = to_text(profile, result, objective, options);
        output.json == "-" || command.timeline == "-" ? tell(text) : say(text);
    }
    flush_stdout();
    Attempts attempt;
    if (json) attempt([&] { write_json(*json, result, box, options, *objective.formula()); });
    if (timeline) attempt([&] { write_whole(*timeline, to_trace_json(profile)); });
    if (trace && result.status == SearchStatus::interrupted) {
        report("interrupted: the trace is not written");
    } else if (trace) {
        constexpr std::uint64_t default_trace_runs = 16;
        const auto ids =
            spread_start_ids(output.trace_runs.value_or(default_trace_runs), result.runs_started());
        const bool all_iterations =
            result.status == SearchStatus::completed || result.status == SearchStatus::settled;
        attempt([&] {
            write_trace(*trace, objective, box, options, ids,
                        all_iterations ? options.iterations : result.iterations);
        });
    }
    if (!attempt.all_succeeded()) return out_of_memory ? failed : bad_input;
    if (result.status == SearchStatus::interrupted) return exit_code_of_signal();
    return out_of_memory ? failed : done;
}

int run_minima(const std::string& file, const Flags& flags) {
    require_regular("checkpoint", file);
    const std::string state = read_file(file);
    const SavedSearch saved = with_file(file, [&] { return read_saved(state); });
    if (!saved.formula)
        throw std::invalid_argument(
            fmt::format("{}: the objective is no formula; `lanewise minima` has to know its gradient", file));
    Problem problem{.options = saved.options};
    for (const auto& [name, text] : flags) set_option(problem, name, text);
    const Options& options = problem.options;
    require_distinct({{"json", problem.output.json}}, {{"saved state", file}});
    watch_for_signals();
    const std::unique_ptr<Sink> json = open_sink(problem.output.json);

    if (!saved.formula->data.empty())
        throw std::invalid_argument(fmt::format(
            "{}: the objective has data ({}), which a checkpoint does not hold", file, saved.formula->data));
    const Expression objective(saved.formula->expression, saved.box, saved.formula->parameters);
    Result result = saved_result(state, objective, options.same_distance, options.most_minima);
    if (signal_seen() != 0) throw Interrupted();
    if (result.status == SearchStatus::interrupted)
        report("{}: this search has not ended; {} of {} starts have", file,
               result.runs_started() - result.runs_with(RunStatus::stopped), result.runs_started());
    if (problem.output.json != "-") say(to_table(result, saved.box));
    if (json) write_json(*json, result, saved.box, options, *saved.formula);
    return done;
}

int run_evaluate_file(const Problem& problem, const std::string& file) {
    const Box box = problem.box();
    const Expression objective = problem.objective(box);
    const auto points =
        parse_starts_csv(read_file_or_stdin(file), box, fmt::format("at-file {}", name_of_input(file)));
    const Isa isa = choose_isa(problem.options.isa);
    std::vector<NamedFile> inputs = inputs_of(problem);
    inputs.push_back({"at-file", file});
    require_distinct({{"json", problem.output.json}}, inputs);
    watch_for_signals();
    const std::unique_ptr<Sink> json = open_sink(problem.output.json);

    const std::vector<Evaluation> at = evaluate(objective, points, isa);
    require_any_finite(at);
    if (json) write_whole(*json, points_json(points, at));
    if (problem.output.json != "-") say(points_csv(box, points, at));
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
    require_distinct({{"json", problem.output.json}}, inputs_of(problem));
    watch_for_signals();
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
        write_whole(*json, result.dump(2) + "\n");
    }
    if (problem.output.json != "-") {
        say(fmt::format("f = {}\n", to_text(at.f)));
        for (std::size_t j = 0; j < x.size(); ++j)
            say(fmt::format("df/d{} = {}\n", box.coordinate_name(j), to_text(at.gradient[j])));
    }
    return done;
}

int run_info() {
    std::string text = fmt::format("lanewise {}\ninstruction sets:\n", version());
    const auto out = std::back_inserter(text);
    const Isa chosen = choose_isa();
    for (const Isa isa : built_isas()) {
        fmt::format_to(out, "  {:<8}{}{}\n", isa_name(isa),
                       isa_available(isa) ? "available" : "not supported by this processor",
                       isa == chosen ? ", used" : "");
    }
    fmt::format_to(out, "threads: {}\nbuilt with:\n", std::thread::hardware_concurrency());
    for (const auto& [name, built_version] : dependencies())
        fmt::format_to(out, "  {:<15}{}\n", name, built_version);
    fmt::format_to(out, "  {:<15}{}\n", "CLI11", CLI11_VERSION);
    say(text);
    return done;
}

int run(const Command& command) {
    switch (command.kind) {
        case Command::Kind::minimize:
        case Command::Kind::profile: return run_minimize(command);
        case Command::Kind::minima: return run_minima(command.checkpoint, command.flags);
        case Command::Kind::merge: return run_merge(command.problem, command.merging);
        case Command::Kind::tune: return run_tune(command);
        case Command::Kind::evaluate:
            return command.at ? run_evaluate(command.problem, *command.at)
                              : run_evaluate_file(command.problem, *command.at_file);
        case Command::Kind::fit: return run_fit(command.problem);
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
    hold_standard_descriptors();
    ignore_signals_of_output();
    try {
        const int code = run(parse_command(argc, argv));
        finish_stdout();
        return code;
    } catch (const Interrupted&) {
        report("interrupted before all was written");
        return exit_code_of_signal();
    } catch (const lanewise::NothingFinite& error) {
        report("{}", error.what());
        return signal_seen() != 0 ? exit_code_of_signal() : nothing_finite;
    } catch (const std::bad_alloc&) {
        tell("lanewise: not enough memory for this search\n");
        return failed;
    } catch (const std::exception& error) {
        report("{}", error.what());
        return signal_seen() != 0 ? exit_code_of_signal() : bad_input;
    }
}
