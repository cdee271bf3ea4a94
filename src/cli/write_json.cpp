#include "write_json.hpp"

#include <new>
#include <stdexcept>

#include "console.hpp"

namespace lanewise::cli {

namespace {

bool is_there_memory(std::size_t bytes) {
    void* const memory = ::operator new(bytes, std::nothrow);
    ::operator delete(memory);
    return memory != nullptr;
}

/// An upper bound of the memory that it takes to make the JSON.
std::size_t bytes_of_json(const Result& result, const Box& box) {
    constexpr std::size_t bytes_of_number = 200;
    std::size_t numbers = 1000 + 6 * box.dimension();
    for (const Minimum& minimum : result.minima)
        numbers += 10 + 2 * box.dimension() + minimum.start_ids.size();
    return bytes_of_number * numbers;
}

}  // namespace

// The JSON library ends the program where it runs out of memory.
void write_json(Sink& json, Result& result, const Box& box, const Options& options, const Formula& formula) {
    const std::size_t all = result.minima.size();
    while (!is_there_memory(bytes_of_json(result, box))) {
        if (result.minima.size() <= 1) throw std::runtime_error("not enough memory for the JSON");
        result.minima.resize(result.minima.size() / 2);
    }
    if (result.minima.size() < all)
        report("not enough memory for all minima in the JSON: it has the best {}", result.minima.size());
    write_whole(json, to_json(result, box, options, formula.expression, formula.parameters));
}

}  // namespace lanewise::cli
