#include "lanewise/profile.hpp"

#include <fmt/format.h>

#include <iterator>

namespace lanewise {

double Profile::seconds_in(Activity activity) const noexcept {
    double sum = 0;
    for (const Thread& thread : threads) sum += thread.seconds[static_cast<std::size_t>(activity)];
    return sum;
}

double Profile::evaluate_seconds() const noexcept {
    double sum = 0;
    for (const Thread& thread : threads) sum += thread.evaluate;
    return sum;
}

std::string to_trace_json(const Profile& profile) {
    std::string text = R"({"displayTimeUnit": "ns", "traceEvents": [)";
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "\n{}",
                   R"({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "lanewise"}})");
    for (std::size_t thread = 0; thread < profile.threads.size(); ++thread) {
        fmt::format_to(out,
                       ",\n{{\"ph\": \"M\", \"pid\": 1, \"tid\": {0}, \"name\": \"thread_name\", \"args\": "
                       "{{\"name\": \"thread {0}\"}}}}",
                       thread);
        for (const Profile::Span& span : profile.threads[thread].spans)
            fmt::format_to(out,
                           ",\n{{\"ph\": \"X\", \"pid\": 1, \"tid\": {}, \"name\": \"{}\", \"ts\": {:.3f}, "
                           "\"dur\": {:.3f}}}",
                           thread, name(span.activity), span.begin * 1e6, (span.end - span.begin) * 1e6);
    }
    return text + "\n]}\n";
}

}  // namespace lanewise
