/*
 * last_error.h - the calling thread's last error, and how functions of this face end.
 */
#ifndef HM_WIN32_LAST_ERROR_H
#define HM_WIN32_LAST_ERROR_H

#include <stdbool.h>

#include "space/status.h"

/* Success leaves the last error as it was and gives true; failure sets it and gives false. */
bool hm_win32_finish(hm_status status);

#endif
