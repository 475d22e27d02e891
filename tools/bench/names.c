// SPDX-License-Identifier: GPL-2.0
/* Lists of names, as options have them. */
#include <string.h>

#include "names.h"

bool names_have(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p;

	for (p = list; (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	return false;
}
