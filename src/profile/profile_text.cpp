// A profile as text.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "lanewise/limits.hpp"
#include "lanewise/options.hpp"
#include "lanewise/profile.hpp"
#include "lanewise/program.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

namespace {

/// Seconds of each thread at one thing.
struct Row {
    std::string name;
    std::vector<double> seconds;
};

std::vector<Row> rows_of(const Profile& profile) {
    std::vector<Row> rows;
    const auto add = [&](std::string name, auto seconds_of) {
        Row row{std::move(name), {}};
        for (const Profile::Thread& thread : profile.threads) row.seconds.push_back(seconds_of(thread));
        rows.push_back(std::move(row));
    };
    for (std::size_t activity = 0; activity < activities; ++activity) {
        const auto what = static_cast<Activity>(activity);
        add(std::string(name(what)), [&](const Profile::Thread& thread) { return thread.seconds[activity]; });
        if (what != Activity::iterate || profile.evaluate_seconds() == 0) continue;
        add("  evaluate", [](const Profile::Thread& thread) { return thread.evaluate; });
        add("  update", [&](const Profile::Thread& thread) {
            return std::max(thread.seconds[activity] - thread.evaluate, 0.0);
        });
    }
    add("wait", [&](const Profile::Thread& thread) {
        double left = profile.seconds;
        for (const double seconds : thread.seconds) left -= seconds;
        return std::max(left, 0.0);
    });
    return rows;
}

std::string bytes(std::size_t count) {
    return count < 10'000 ? fmt::format("{} bytes", count)
                          : fmt::format("{:.0f} KiB", static_cast<double>(count) / 1024);
}

/// "10 divisions, 20 sums ..."
std::string list(const Operations& operations) {
    std::string text;
    const auto add = [&](std::size_t count, std::string_view what) {
        if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
    };
    add(operations.fmas, "fma");
    add(operations.multiplies, "mul");
    add(operations.adds, "add");
    add(operations.selects, "min, max, select");
    add(operations.divides, "div");
    add(operations.square_roots, "sqrt");
    for (const auto& [function, count] : operations.functions) add(count, function);
    return text;
}

/// How the program was run.
std::string code_line(const Program& objective, Isa isa, Precision precision) {
    const CodeReport code = objective.machine_code(isa, precision);
    if (code.bytes > 0)
        return fmt::format("code   machine code: {} operations, {}, made in {:.2f} ms\n",
                           objective.operations(), bytes(code.bytes), code.seconds * 1e3);
    return fmt::format("code   interpreted: {} operations{}{}\n", objective.operations(),
                       code.why_not.empty() ? "" : "; ", code.why_not);
}

/// Seconds by activity and thread, and what of them an iteration takes.
std::string time_table(const Profile& profile) {
    std::string text = fmt::format("\nprofile {:>9}  share", "seconds");
    const auto out = std::back_inserter(text);
    for (std::size_t thread = 0; thread < profile.threads.size(); ++thread)
        fmt::format_to(out, "{:>10}", fmt::format("thread {}", thread));
    const double all = profile.seconds * static_cast<double>(profile.threads.size());
    for (const Row& row : rows_of(profile)) {
        double sum = 0;
        for (const double seconds : row.seconds) sum += seconds;
        fmt::format_to(out, "\n  {:<12}{:>9.3f}{:>5.0f} %", row.name, sum, 100 * sum / all);
        for (const double seconds : row.seconds) fmt::format_to(out, "{:>10.3f}", seconds);
    }
    text += '\n';
    return text;
}

double nanoseconds_of(const Profile& profile) {
    return profile.seconds_in(Activity::iterate) * 1e9 / static_cast<double>(profile.run_iterations);
}

double speed(const Profile& profile) {
    return static_cast<double>(profile.run_iterations) / profile.seconds / 1e6;
}

std::string lane_line(const Profile& profile, const Result& result) {
    return fmt::format(
        "lanes  {:.0f} % of them held a live run; tiles up to {} lanes, {} a lane, {} a tile\n",
        100 * result.work.lane_occupancy, result.tile_lanes, bytes(profile.bytes_per_lane),
        bytes(profile.bytes_per_lane * result.tile_lanes));
}

/// How near a program came to what the machine can do, which is measured now.
std::string beside_limits(const Profile& profile, const Result& result, const Program& objective,
                          const Options& options) {
    const Limits limits = measure_limits(result.isa, options.precision);
    const Operations operations = operations_of(objective, options.rule.method);
    const double nanoseconds = nanoseconds_of(profile);
    const Least least = least_time(operations, limits);
    const auto flops = static_cast<double>(operations.flops());
    std::string text;
    const auto out = std::back_inserter(text);
    if (profile.run_iterations > 0) {
        fmt::format_to(
            out,
            "speed  {:.1f} ns of a thread for an iteration of a run, {:.1f} M of them a second in all\n"
            "       {:.1f} GFLOP/s of a thread: {:.0f} flops each, {}{}\n",
            nanoseconds, speed(profile), flops / nanoseconds, flops, list(operations),
            profile.evaluate_seconds() == 0 ? "; fused with the update" : "");
        fmt::format_to(out, "limit  {:.1f} ns: what {} takes{}; {:.0f} % of that speed is reached\n",
                       least.nanoseconds, least.divider ? "the divider" : "all but the divider",
                       least.newton_roots && least.newton_quotients
                           ? ", roots and quotients by Newton's method"
                       : least.newton_roots     ? ", roots by Newton's method"
                       : least.newton_quotients ? ", quotients by Newton's method"
                                                : "",
                       100 * least.nanoseconds / nanoseconds);
    }
    text += code_line(objective, result.isa, options.precision);
    text += lane_line(profile, result);
    const auto by_newton = [&](double Limits::Newton::*what) {
        return limits.newton ? fmt::format(" (Newton {:.3f})", (*limits.newton).*what) : "";
    };
    fmt::format_to(out,
                   "machine, ns a number: fma {:.3f}, add {:.3f}, select {:.3f}, div {:.3f}{}, sqrt "
                   "{:.3f}{}; load {:.3f} from L1, {:.3f} from L2, {:.3f} from memory\n",
                   limits.fma, limits.add, limits.select, limits.divide, by_newton(&Limits::Newton::divide),
                   limits.square_root, by_newton(&Limits::Newton::square_root), limits.l1_load,
                   limits.l2_load, limits.memory_load);
    return text;
}

}  // namespace

std::string to_text(const Profile& profile, const Result& result, const Objective& objective,
                    const Options& options) {
    std::string text = time_table(profile);
    if (const auto* program = dynamic_cast<const Program*>(&objective))
        return text + beside_limits(profile, result, *program, options);
    if (profile.run_iterations > 0)
        text += fmt::format(
            "speed  {:.1f} ns of a thread for an iteration of a run, {:.1f} M of them a second in all\n",
            nanoseconds_of(profile), speed(profile));
    return text + lane_line(profile, result);
}

}  // namespace lanewise
