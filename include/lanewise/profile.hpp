/// Where the time of a search goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

class Objective;
struct Options;
struct Result;

/// What a thread is at.
enum class Activity : std::uint8_t {
    start,    ///< drawing starts and choosing among them
    iterate,  ///< evaluating and updating
    look,     ///< the evaluation at the end of a stage, with the slope
    polish,
    decide,  ///< what is done between two stages, on the calling thread: merging, pruning, clustering ...
};
inline constexpr std::size_t activities = 5;

std::string_view name(Activity activity) noexcept;

/// Told by a search when it ends (Options::profile). Seconds are of the threads' own clocks, not of
/// processors; what is left of the search's time a thread spent waiting.
struct Profile {
    struct Span {
        Activity activity;
        double begin, end;  ///< seconds since the search began
    };
    struct Thread {
        double seconds[activities] = {};
        /// Of those of `iterate`, what the evaluations took, from every 16th; 0 when they are fused with the
        /// update, as in machine code of up to 40,000 operations and native objectives.
        double evaluate = 0;
        std::vector<Span> spans;  ///< in order of time, the first 100,000
    };

    double seconds = 0;
    std::uint64_t run_iterations = 0;  ///< without those before the search was resumed
    std::vector<Thread> threads;
    std::size_t bytes_per_lane = 0;  ///< the state of a run and the scratch rows of its program

    double seconds_in(Activity activity) const noexcept;  ///< of all threads
    double evaluate_seconds() const noexcept;
};

/// Where the time went, as a short report for a person. Of a Program it says, too, how near that is to what
/// this machine can do, which is measured for it now, in about 0.3 s.
std::string to_text(const Profile& profile, const Result& result, const Objective& objective,
                    const Options& options);

/// The spans of all threads as a timeline that chrome://tracing and ui.perfetto.dev show (Trace Event
/// Format).
std::string to_trace_json(const Profile& profile);

}  // namespace lanewise
