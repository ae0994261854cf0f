/* Symbol visibility: the shared library exports what is marked AIRS_API and nothing else. */
#ifndef AIRSSYS_EXPORT_H
#define AIRSSYS_EXPORT_H

#if defined(__GNUC__)
#define AIRS_API __attribute__((visibility("default")))
#define AIRS_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define AIRS_API
#define AIRS_PRINTF(format_index, first_index)
#endif

#endif
