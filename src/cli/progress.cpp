#include "progress.hpp"

#include <unistd.h>

#include "console.hpp"

namespace lanewise::cli {

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

bool ProgressLine::is_wanted(const Output& output) const noexcept {
    const bool is_shown = output.progress == ShowProgress::always ||
                          (output.progress == ShowProgress::on_terminal && terminal_);
    return is_shown && !output.quiet;
}

bool ProgressLine::is_due(double seconds, bool is_complete) {
    const bool just_complete = is_complete && !complete_;
    if (seconds < next_ && !just_complete) return false;
    complete_ = complete_ || just_complete;
    next_ = seconds + (terminal_ ? 0.1 : 1.0);
    return true;
}

void ProgressLine::show(const std::string& text) {
    tell(terminal_ ? "\r" + text + "\033[K" : text + "\n");
    shown_ = terminal_;
}

void ProgressLine::operator()(const Progress& progress) {
    if (is_due(progress.seconds, progress.share >= 1)) show(to_text(progress));
}

void ProgressLine::operator()(const FitProgress& progress) {
    if (is_due(progress.seconds, progress.done == progress.problems)) show(to_text(progress));
}

void ProgressLine::finish() {
    if (shown_) tell("\n");
    shown_ = false;
}

}  // namespace lanewise::cli
