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

void ProgressLine::operator()(const Progress& progress) {
    const bool just_complete = progress.share >= 1 && !complete_;
    if (progress.seconds < next_ && !just_complete) return;
    complete_ = complete_ || just_complete;
    next_ = progress.seconds + (terminal_ ? 0.1 : 1.0);
    const std::string text = to_text(progress);
    tell(terminal_ ? "\r" + text + "\033[K" : text + "\n");
    shown_ = terminal_;
}

void ProgressLine::finish() {
    if (shown_) tell("\n");
    shown_ = false;
}

}  // namespace lanewise::cli
