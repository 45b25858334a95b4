//! Copies text for the reader.

/** Copies text; says whether it worked. Without the clipboard API (plain HTTP), a hidden field does it. */
export async function copyText(text: string): Promise<boolean> {
	try {
		if (navigator.clipboard) {
			await navigator.clipboard.writeText(text);
			return true;
		}
	} catch {
		// Refused: try the old way.
	}
	const field = document.createElement("textarea");
	field.value = text;
	field.className = "offscreen";
	document.body.append(field);
	field.select();
	const done = document.execCommand("copy");
	field.remove();
	return done;
}
