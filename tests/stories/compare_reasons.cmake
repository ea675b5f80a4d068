# Compares STORY.reasons with what PROGRAM prints of STORY.story.

execute_process(COMMAND "${PROGRAM}" simulate --reasons "${STORY}.story"
                OUTPUT_VARIABLE printed RESULT_VARIABLE code)
file(READ "${STORY}.reasons" expected)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "simulate exited ${code}; it printed:\n${printed}")
endif()
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "expected:\n${expected}\nprinted:\n${printed}")
endif()
