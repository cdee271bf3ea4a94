#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "console.hpp"

namespace lanewise::cli {

std::string progress_text(const Progress& progress) {
    constexpr int width = 30;
    const double share = progress.share;
    const int filled = static_cast<int>(share * width);
    const double rate =
        progress.seconds > 0 ? static_cast<double>(progress.run_iterations) / progress.seconds : 0;
    const std::string best =
        std::isfinite(progress.best_f) ? fmt::format("{:.6g}", progress.best_f) : "none yet";
    const std::string left =
        share > 0 && share < 1 ? fmt::format("{:.1f} s left", progress.seconds * (1 - share) / share) : "";
    std::string at;
    if (progress.iterations > 0) {
        at = fmt::format(", iteration {} of {}, {} runs alive", progress.iteration, progress.iterations,
                         progress.runs_alive);
    } else if (progress.phase != Phase::polish) {
        at = ", by L-BFGS";
    }
    return fmt::format("[{:<{}}] {:3.0f} %  {}{}  best {}  {} minima  {:.3g} M run-iterations/s  {}",
                       std::string(static_cast<std::size_t>(filled), '#'), width, share * 100,
                       name(progress.phase), at, best, progress.minima, rate / 1e6, left);
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressLine::operator()(const Progress& progress) {
    const bool just_complete = progress.share >= 1 && !complete_;
    if (progress.seconds < next_ && !just_complete) return;
    complete_ = complete_ || just_complete;
    next_ = progress.seconds + (terminal_ ? 0.1 : 1.0);
    const std::string text = progress_text(progress);
    tell(terminal_ ? "\r" + text + "\033[K" : text + "\n");
    shown_ = terminal_;
}

void ProgressLine::finish() {
    if (shown_) tell("\n");
    shown_ = false;
}

}  // namespace lanewise::cli
