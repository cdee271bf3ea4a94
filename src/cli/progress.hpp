// The progress line on stderr.
#pragma once

#include <string>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// On a terminal one line that is written over, at most ten times a second; elsewhere a line a second. Always
/// one when all starts or problems are done.
class ProgressLine {
  public:
    ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { finish(); }
    void operator()(const Progress& progress);
    void operator()(const FitProgress& progress);
    bool is_wanted(const Output& output) const noexcept;
    /// Ends the line.
    void finish();

  private:
    bool is_due(double seconds, bool is_complete);
    void show(const std::string& text);

    bool terminal_;
    double next_ = 0;
    bool complete_ = false;  ///< all starts or problems are done
    bool shown_ = false;
};

}  // namespace lanewise::cli
